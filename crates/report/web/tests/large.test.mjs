// A run of a million messages: it opens, pans and can be searched.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { address, clean, folder, launch, open, run, skip } from './support.mjs';

describe('a million messages', { skip }, () => {
  let browser;
  before(async () => {
    run('test', '-w', 'broadcast', '--node', 'flood', '--node-count', '25', '--topology', 'total', '--rate', '200', '--time-limit', '18',
      '--latency', '20', '--latency-dist', 'exponential', '--seed', '1', '--store', 'large', '--report');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  test('it opens, pans, zooms and is searched', async (context) => {
    const size = statSync(join(folder, 'large/latest/report.html')).size;
    const begun = Date.now();
    const page = await open(browser, address('large/latest/report.html'));
    const opened = Date.now() - begun;
    const status = await page.textContent('.status');
    const count = Number(/([\d,]+) messages/.exec(status)[1].replaceAll(',', ''));
    assert.ok(count >= 1_000_000, status);
    assert.match(status, /shown as bars/);
    const frames = await page.evaluate(async () => {
      const canvas = document.querySelector('.viewer canvas');
      canvas.focus();
      const key = (name) => canvas.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
      for (let n = 0; n < 4; n++) key('+');
      const begun = performance.now();
      let frames = 0;
      while (performance.now() - begun < 2000) {
        key(frames % 40 < 20 ? 'ArrowDown' : 'ArrowUp');
        await new Promise((done) => requestAnimationFrame(done));
        frames++;
      }
      return (frames * 1000) / (performance.now() - begun);
    });
    const asked = Date.now();
    await page.fill('.find input', '"message":17');
    await page.waitForSelector('.hits');
    const searched = Date.now() - asked;
    assert.match(await page.textContent('.hits'), /of [\d,]+/);
    context.diagnostic(`${(size / 1e6).toFixed(2)} MB, opened in ${opened} ms, panned at ${frames.toFixed(0)} frames/s, searched in ${searched} ms`);
    await page.press('.find input', 'Enter');
    for (let n = 0; n < 14; n++) await page.click('button[aria-label="Closer"]');
    assert.doesNotMatch(await page.textContent('.status'), /shown as bars/);
    assert.deepEqual(page.errors, []);
  });
});
