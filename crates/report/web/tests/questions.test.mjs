// Ten questions that people ask of a run, answered with its report; docs/src/reports.md
// has the table. What is counted: clicks, and searches (words and Enter).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FLOOD, address, clean, launch, open, run, says, skip } from './support.mjs';

describe('ten questions', { skip }, () => {
  let browser;
  let counted;
  before(async () => {
    run(...FLOOD, '--store', 'flood');
    run('test', '-w', 'lin-kv', '--node', 'raft', '--node-count', '5', '--nemesis', 'partition', '--time-limit', '20', '--rate', '20', '--seed', '3', '--store', 'raft', '--report');
    run('test', '-w', 'lin-kv', '--node', 'broken/proxy-caches', '--node-count', '3', '--concurrency', '6', '--rate', '100', '--time-limit', '10', '--seed', '1', '--store', 'registers');
    run('test', '-w', 'kafka', '--node', 'kafka-single', '--node-count', '1', '--concurrency', '4', '--rate', '100', '--time-limit', '5', '--seed', '1', '--store', 'logs', '--report');
    run('test', '-w', 'txn-list-append', '--node', 'broken/lists-write-skew', '--node-count', '1', '--concurrency', '8', '--rate', '200', '--time-limit', '10', '--seed', '1', '--store', 'circle');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  /** A page whose clicks and searches are counted. */
  async function ask(store) {
    const page = await open(browser, address(`${store}/latest/report.html`));
    counted = 0;
    return {
      page,
      click: async (place) => {
        counted++;
        await (typeof place === 'string' ? page.locator(place).first() : place.first()).click();
      },
      search: async (words) => {
        counted++;
        await page.fill('.find input', words);
        await says(page, '.hits', /./);
        await page.press('.find input', 'Enter');
      },
      takes: (most) => assert.equal(counted, most),
    };
  }

  test('which message should have brought 4 to n1?', async () => {
    const { page, click, takes } = await ask('flood');
    await click('.finding a:text-is("4")');
    await click(page.locator('#value-4 a[data-lost]'));
    await says(page, '.panel', /n2 → n1.*cut by a partition/);
    takes(2);
  });

  test('what does n2 lack at the end?', async () => {
    const { page, click, takes } = await ask('flood');
    await click('nav a[href="#values"]');
    const column = (await page.locator('#values thead th').allTextContents()).indexOf('n2');
    const cells = await page.locator(`#values tbody tr > :nth-child(${column + 1})`).allTextContents();
    assert.equal(cells.filter((cell) => cell.startsWith('lacks')).length, 40);
    takes(1);
  });

  test('how many messages from n2 to n1 were cut?', async () => {
    const { page, click, takes } = await ask('flood');
    await click('nav a[href="#links"]');
    assert.match(await page.locator('.matrix tbody tr').nth(2).locator('td').nth(1).textContent(), /^18 \(✕ 9\)$/);
    takes(1);
  });

  test('when was the partition, and who could not talk to whom?', async () => {
    const { page, takes } = await ask('flood');
    assert.match(await page.locator('.facts').first().textContent(), /0\.000 s to 10\.996 s: majorities-ring: n0 not from n2 n4/);
    takes(0);
  });

  test('what did n3 hold when the message with 4 was cut?', async () => {
    const { page, click, takes } = await ask('flood');
    await click('.finding a:text-is("4")');
    await click(page.locator('#value-4 a[data-lost]'));
    await says(page, '.panel .marks', /n3\s*holds 3 \(4 marks\)/);
    takes(2);
  });

  test('where did the value 4 go?', async () => {
    const { page, click, takes } = await ask('flood');
    await click('.finding a:text-is("4")');
    await click(page.locator('#value-4 th a'));
    await says(page, '.following', /Following the value 4/);
    takes(2);
  });

  test('who led at 12 s?', async () => {
    const { page, search, takes } = await ask('raft');
    await search('12 s');
    await says(page, '.panel .marks', /n0\s*leader 1\b/);
    takes(1);
  });

  test('which write did the stale read see, and which should it have seen?', async () => {
    const { page, takes } = await ask('registers');
    assert.match(await page.locator('.finding svg').first().textContent(), /9: wrote 1.*19: wrote 0|19: wrote 0.*9: wrote 1/s);
    takes(0);
  });

  test('how far was each consumer behind at most, and when?', async () => {
    const { page, click, takes } = await ask('logs');
    await click('nav a[href="#lags"]');
    await click(page.locator('#lags tbody td a'));
    await page.waitForFunction(() => /from=/.test(location.hash));
    takes(2);
  });

  test('why must one transaction come before the other, and the other before it?', async () => {
    const { page, takes } = await ask('circle');
    const first = page.locator('.finding').first();
    assert.match(await first.locator('svg').textContent(), /rw: key \d+.*rw: key \d+/s);
    assert.equal(await first.locator('.steps tbody tr').count(), 2);
    takes(0);
  });
});
