// What workloads have of their own: consumers of logs, registers, circles of transactions.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { address, clean, launch, open, run, says, serious, skip } from './support.mjs';

describe('what workloads have of their own', { skip }, () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  test('logs: how far each consumer was behind, by key', async () => {
    run('test', '-w', 'kafka', '--node', 'kafka-single', '--node-count', '1', '--concurrency', '4', '--rate', '100', '--time-limit', '5',
      '--seed', '1', '--store', 'logs', '--report');
    const page = await open(browser, address('logs/latest/report.html'));
    const lags = page.locator('#lags');
    await lags.locator('figure canvas').waitFor();
    assert.match(await lags.locator('thead').textContent(), /client 0.*client 3/);
    // A key is chosen in the list or in the table, and its largest lag leads to the moment.
    await lags.locator('tbody button').first().click();
    const key = await lags.locator('tbody button').first().textContent();
    await says(page, '#lags figcaption', new RegExp(`key ${key}`));
    assert.equal(await lags.locator('select option:checked').textContent(), key);
    await lags.locator('figure canvas').waitFor();
    const numbers = (await lags.locator('tbody td a').allTextContents()).map(Number);
    assert.ok(numbers.length > 4 && Math.max(...numbers) > 0, String(numbers));
    assert.equal(Math.max(...numbers), numbers[0], 'the largest comes first');
    await lags.locator('tbody td a').first().click();
    await page.waitForFunction(() => /from=/.test(location.hash));
    assert.deepEqual(await serious(page), []);
    assert.deepEqual(page.errors, []);
  });

  test('registers: the operations around the finding, as bars with their values', async () => {
    run('test', '-w', 'lin-kv', '--node', 'broken/proxy-caches', '--node-count', '3', '--concurrency', '6', '--rate', '100', '--time-limit', '10',
      '--seed', '1', '--store', 'registers');
    const page = await open(browser, address('registers/latest/report.html'));
    const figure = page.locator('.drawn').first();
    const words = await figure.locator('svg').textContent();
    assert.match(words, /21: returned 1/);
    assert.match(words, /19: wrote 0/);
    assert.match(words, /1 at n1/);
    await figure.locator('a[href="#op-21"]').click();
    await says(page, '.panel h3', /^Operation 21$/);
    await says(page, '.panel', /at node n1/);
    assert.deepEqual(await serious(page), []);
    assert.deepEqual(page.errors, []);
  });

  test('transactions: the circle, and the steps of those in it', async () => {
    run('test', '-w', 'txn-list-append', '--node', 'broken/lists-write-skew', '--node-count', '1', '--concurrency', '8', '--rate', '200',
      '--time-limit', '10', '--seed', '1', '--store', 'circle');
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(browser, address('circle/latest/report.html'), { colorScheme });
      const first = page.locator('.finding').first();
      assert.match(await first.locator('svg').textContent(), /rw: key/);
      const rows = first.locator('.steps tbody tr');
      assert.equal(await rows.count(), 2);
      for (const row of await rows.all()) assert.match(await row.textContent(), /r \d+ .*append \d+ \d+|append \d+ \d+.*r \d+ /);
      // From the keyboard, too.
      const box = first.locator('svg a').first();
      const to = await box.getAttribute('href');
      await box.focus();
      await page.keyboard.press('Enter');
      await says(page, '.panel h3', new RegExp(`^Operation ${/\d+/.exec(to)[0]}$`));
      // Steps are told without the ways of EDN.
      assert.doesNotMatch(await page.textContent('.panel'), /keyword/);
      assert.deepEqual(await serious(page), [], colorScheme);
      assert.deepEqual(page.errors, []);
    }
  });
});
