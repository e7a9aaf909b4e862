// The report of one run in a real browser.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FLOOD, address, clean, launch, open, run, says, serious, skip } from './support.mjs';

describe('the report of a run', { skip }, () => {
  let browser;
  before(async () => {
    run(...FLOOD, '--store', 'flood');
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    clean();
  });

  test('from a lost value in two clicks to the message that should have brought it', async () => {
    const page = await open(browser, address('flood/latest/report.html'));
    assert.match(await page.textContent('h1'), /invalid/);
    await page.click('.finding a:text-is("4")');
    const row = page.locator('#value-4');
    await row.waitFor();
    await row.locator('a[data-lost]').first().click();
    const panel = page.locator('.panel');
    await panel.locator('h3', { hasText: /^Message \d+/ }).waitFor();
    const words = await panel.textContent();
    assert.match(words, /cut by a partition/);
    assert.match(words, /"message": 4\b/);
    // The partition is drawn over it, and named beside it.
    assert.match(words, /Faults at that moment.*partition/s);
    assert.deepEqual(page.errors, []);
  });

  test('evidence leads to the message, and the address names the place', async () => {
    const page = await open(browser, address('flood/latest/report.html'));
    await page.click('.evidence a[href^="#message-"] >> nth=0');
    await page.waitForFunction(() => location.hash.startsWith('#trace?'));
    const place = await page.evaluate(() => location.hash);
    assert.match(place, /at=message-\d+/);
    const again = await open(browser, address('flood/latest/report.html', place));
    assert.equal(
      await again.textContent('.panel h3'),
      await page.textContent('.panel h3'),
    );
    assert.deepEqual([...page.errors, ...again.errors], []);
  });

  test('search, step, follow, zoom: all by keyboard', async () => {
    const page = await open(browser, address('flood/latest/report.html'));
    const canvas = page.locator('.viewer canvas');
    await canvas.focus();
    await page.keyboard.press('/');
    await page.keyboard.type('partitioned');
    await page.keyboard.press('Enter');
    await says(page, '.hits', /^1 of 129$/);
    await says(page, '.panel', /cut by a partition/);
    await canvas.focus();
    await page.keyboard.press('n');
    await says(page, '.hits', /^2 of 129$/);
    const before = await page.textContent('.panel h3');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((before) => document.querySelector('.panel h3').textContent !== before, before);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('f');
    await says(page, '.following', /Following/);
    await page.keyboard.press('Escape');
    await page.locator('.following').waitFor({ state: 'detached' });
    const far = await page.textContent('.status');
    await page.keyboard.press('+');
    await page.waitForFunction((far) => document.querySelector('.status').textContent !== far, far);
    await page.keyboard.press('0');
    await says(page, '.status', /93[23] messages/);
    assert.deepEqual(page.errors, []);
  });

  test('searching a link and an operation', async () => {
    const page = await open(browser, address('flood/latest/report.html'));
    await page.fill('.find input', 'n2 -> n1');
    await says(page, '.hits', /of \d+/);
    const hits = Number(/of (\d+)/.exec(await page.textContent('.hits'))[1]);
    const cell = await page.locator('.matrix tbody tr').nth(2).locator('td').nth(1).textContent();
    assert.equal(hits, parseInt(cell, 10));
    await page.fill('.find input', 'op 29');
    await page.press('.find input', 'Enter');
    await says(page, '.panel', /broadcast 4/);
    await page.fill('.find input', 'nowhere at all');
    await says(page, '.hits', /nothing/);
    assert.deepEqual(page.errors, []);
  });

  test('plots are drawn, with the partition as a band', async () => {
    const page = await open(browser, address('flood/latest/report.html'));
    for (const title of ['Latency of operations', 'Rate', 'Stable latency', 'Messages by type', 'Under way']) {
      const figure = page.locator('figure', { hasText: title });
      await figure.scrollIntoViewIfNeeded();
      await figure.locator('canvas').waitFor();
    }
    assert.deepEqual(page.errors, []);
  });

  test('light, dark and on a phone: axe finds nothing serious', async () => {
    for (const options of [
      { colorScheme: 'light' },
      { colorScheme: 'dark' },
      { colorScheme: 'light', viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true },
    ]) {
      const page = await open(browser, address('flood/latest/report.html'), options);
      await page.click('.evidence a[href^="#message-"] >> nth=0');
      assert.deepEqual(await serious(page), [], JSON.stringify(options));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 1, `the page is ${wide} pixels wider than the window`);
    }
  });

  test('on paper all of it is there, and nothing to click on', async () => {
    const page = await open(browser, address('flood/latest/report.html'), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    for (const tools of ['.top nav', '.viewer .tools', '.panel button']) assert.equal(await page.locator(tools).first().isVisible(), false, tools);
    // The table of values is not cut off, and paper is white.
    const hidden = await page.locator('#values .scroll').evaluate((place) => place.scrollHeight - place.clientHeight);
    assert.ok(hidden <= 1, `${hidden} pixels of the table are out of sight`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    await page.pdf({ format: 'A4' });
    assert.equal(await page.locator('.plot canvas').count(), 6, 'all plots are drawn');
    assert.deepEqual(page.errors, []);
  });

  test('without scripts the findings can be read', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(address('flood/latest/report.html'));
    assert.match(await page.textContent('#findings'), /9 values were lost/);
    await context.close();
  });
});
