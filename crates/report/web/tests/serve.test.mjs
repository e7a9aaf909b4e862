// What a server adds to reports: the list of runs, whole bodies, a search in all of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clean, launch, open, run, says, serious, skip, start } from './support.mjs';

describe('reports from the server', { skip }, () => {
  let browser;
  let server;
  let root;
  before(async () => {
    // Topologies of 25 nodes are longer than what a page keeps of a body.
    run('test', '-w', 'broadcast', '--node', 'flood-retry', '--node-count', '25', '--topology', 'total', '--rate', '5', '--time-limit', '2', '--seed', '1', '--store', 'served');
    const { child, fits } = await start(/(http:\/\/[^/\s]+)\//, 'serve', 'served', '--port', '0');
    [server, root] = [child, fits[1]];
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server?.kill();
    clean();
  });

  test('from the list to a report, in which all bodies are found and shown whole', async () => {
    const page = await open(browser, `${root}/`);
    assert.deepEqual(await serious(page), []);
    await page.click('table a[href^="/run/broadcast/"] >> nth=0');
    await page.waitForFunction(() => document.documentElement.dataset.ready === 'yes' && document.querySelector('.viewer'));
    const far = '"n24":["n0","n1"';
    await page.fill('.find input', far);
    await says(page, '.hits', /of 25$/);
    await page.press('.find input', 'Enter');
    await says(page, '.panel .body', /"n24": ?\[\s*"n0"/);
    assert.deepEqual(page.errors, []);
  });

  test('nothing but the page itself may run, and only the server is asked', async () => {
    const list = await fetch(`${root}/`);
    const run = /"(\/run\/[^"/]+\/[^"/]+\/)/.exec(await list.text())[1];
    const policy = (await fetch(root + run)).headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal((await fetch(`${root}/run/broadcast/..%2f..%2fserved/`)).status, 404);
  });
});
