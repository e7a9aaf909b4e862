// Nodes that mean harm: none of what they write is run, and the page stands.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { address, clean, launch, open, run, skip } from './support.mjs';

const node = fileURLToPath(new URL('./hostile-node.mjs', import.meta.url));

describe('what nodes wrote', { skip }, () => {
  let browser;
  before(async () => {
    run('test', '-w', 'echo', '--bin', node, '--node-count', '2', '--rate', '2', '--time-limit', '20', '--recovery', '0', '--store', 'hostile', '--report');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  test('10,000 bodies run nothing and break nothing', async () => {
    const page = await open(browser, address('hostile/latest/report.html'));
    const status = await page.textContent('.status');
    const count = Number(/([\d,]+) messages/.exec(status)[1].replaceAll(',', ''));
    assert.ok(count >= 10_000, status);
    // Look at many of them, in words and on the canvas.
    await page.fill('.find input', 'script');
    for (let n = 0; n < 150; n++) await page.press('.find input', 'Enter');
    await page.fill('.find input', '');
    await page.locator('.viewer canvas').focus();
    for (let n = 0; n < 150; n++) await page.keyboard.press('ArrowRight');
    await page.locator('summary', { hasText: 'Types' }).click();
    const shown = await page.evaluate(() => document.body.innerText);
    assert.ok(!/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069\ufeff]/.test(shown), 'control characters are shown');
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(await page.locator('script').count(), 5);
    assert.equal(await page.locator('img, iframe, object, embed').count(), 0);
    assert.deepEqual(page.errors, []);
  });
});
