// The picture in docs/src/reports.md: the message that a partition cut, selected in the trace.
import { fileURLToPath } from 'node:url';
import { FLOOD, address, clean, launch, open, run, skip } from './tests/support.mjs';

if (skip) throw new Error(skip);
run(...FLOOD, '--store', 'flood');
const browser = await launch();
try {
  const url = address('flood/latest/report.html', '#message-71');
  const page = await open(browser, url, { viewport: { width: 1100, height: 760 }, colorScheme: 'light' });
  const path = fileURLToPath(new URL('../../../docs/src/report.png', import.meta.url));
  await page.screenshot({ path });
  console.log(path);
} finally {
  await browser.close();
  clean();
}
