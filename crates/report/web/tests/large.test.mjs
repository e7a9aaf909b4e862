// A run of a million messages: it opens, pans, zooms and can be searched. How fast, says
// `npm run measure`.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LARGE, address, clean, glomers, launch, open, run, says, skip } from './support.mjs';

// Without optimisation such a run takes longer than all other tests.
const slow = glomers?.includes('/debug/') ? 'a debug build is too slow for this (cargo build --release)' : false;

describe('a million messages', { skip: skip || slow }, () => {
  let browser;
  before(async () => {
    run(...LARGE, '--store', 'large', '--report');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  test('it opens, pans, zooms and is searched', async () => {
    const page = await open(browser, address('large/latest/report.html'));
    const status = await page.textContent('.status');
    const count = Number(/([\d,]+) messages/.exec(status)[1].replaceAll(',', ''));
    assert.ok(count >= 1_000_000, status);
    assert.match(status, /shown as bars/);
    await page.locator('.viewer canvas').focus();
    for (const key of ['+', '+', 'ArrowDown', 'PageDown', 'ArrowUp']) await page.keyboard.press(key);
    await page.fill('.find input', '"message":17');
    await says(page, '.hits', /of [\d,]+/);
    await page.press('.find input', 'Enter');
    await page.locator('.viewer canvas').focus();
    for (let n = 0; n < 20; n++) await page.keyboard.press('+');
    await page.waitForFunction(() => !/shown as bars/.test(document.querySelector('.status').textContent));
    assert.deepEqual(page.errors, []);
  });
});
