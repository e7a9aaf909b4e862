// How long a report of a million messages takes to open, pan and be searched, here and
// now: figures, not a test. `npm run measure`; with --json for a program.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LARGE, address, clean, folder, launch, open, panned, run, skip, start } from './support.mjs';

if (skip) {
  console.error(`not measured: ${skip}`);
  process.exit(2);
}
const browser = await launch();
try {
  run(...LARGE, '--store', 'large', '--report');
  const file = 'large/latest/report.html';
  // What other work on the machine adds is in the one figure, not in the other.
  let cpu = 0;
  const before = performance.now();
  const page = await open(browser, address(file), {}, async (page) => {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    return async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      cpu = metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
    };
  });
  const opened = performance.now() - before;
  const messages = Number(/([\d,]+) messages/.exec(await page.textContent('.status'))[1].replaceAll(',', ''));
  const frames = await panned(page);
  // Until the number of what was found stands there, and is painted.
  const searched = await page.evaluate(async () => {
    const input = document.querySelector('.find input');
    const before = performance.now();
    input.value = '"message":17';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    while (!/of [\d,]+/.test(document.querySelector('.hits')?.textContent ?? '')) await new Promise(requestAnimationFrame);
    return performance.now() - before;
  });
  await page.context().close();
  // All bodies, at the server.
  const { child, fits } = await start(/(http:\/\/[^/\s]+)\//, 'serve', 'large', '--port', '0');
  let asked = Infinity;
  let found = 0;
  try {
    const list = await (await fetch(`${fits[1]}/`)).text();
    const bodies = `${/"(\/run\/[^"/]+\/[^"/]+)\//.exec(list)[1]}/bodies`;
    for (let n = 0; n < 3; n++) {
      const before = performance.now();
      found = (await (await fetch(`${fits[1]}${bodies}?q=${encodeURIComponent('"message":17')}`)).json()).ids.length;
      asked = Math.min(asked, performance.now() - before);
    }
  } finally {
    child.kill();
  }
  const figures = {
    messages,
    megabytes: statSync(join(folder, file)).size / 1e6,
    opens_ms: opened,
    opens_cpu_ms: cpu,
    frames_per_second: frames,
    search_in_page_ms: searched,
    search_at_server_ms: asked,
    found_at_server: found,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
  else for (const [name, figure] of Object.entries(figures)) console.log(`${name.replaceAll('_', ' ').padEnd(22)} ${figure.toLocaleString('en', { maximumFractionDigits: 1 })}`);
} finally {
  await browser.close();
  clean();
}
