// What browser tests share: a browser, Glomers, and reports of runs.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(new URL('./', import.meta.url));

function first(paths) {
  return paths.find((path) => path && existsSync(path));
}

export const chromium = first([
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]);

export const glomers = first([
  process.env.GLOMERS,
  join(here, '../../../../target/release/glomers'),
  join(here, '../../../../target/debug/glomers'),
]);

/** Why the tests are skipped, or false. */
export const skip = !chromium
  ? 'there is no Chromium here (apt-get install chromium)'
  : !glomers
    ? 'there is no glomers here (cargo build)'
    : false;

export const folder = mkdtempSync(join(tmpdir(), 'glomers-web-'));

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch() {
  const { chromium: driver } = await import('playwright-core');
  return driver.launch({ executablePath: chromium, headless: true, args: FLAGS });
}

export function clean() {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs Glomers; a run that is invalid ends with 1, which is no mistake here. */
export function run(...words) {
  try {
    return execFileSync(glomers, words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (error.status === 1) return error.stdout;
    throw new Error(`glomers ${words.join(' ')}: ${error.status}\n${error.stdout}\n${error.stderr}`);
  }
}

/** Starts Glomers, and waits until it has said something that fits. */
export async function start(pattern, ...words) {
  const child = spawn(glomers, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  const fits = await new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => {
      said += data;
      const found = pattern.exec(said);
      if (found) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
  return { child, fits };
}

/** The address of a file. */
export function address(file, fragment = '') {
  return pathToFileURL(join(folder, file)).href + fragment;
}

/** Opens a page, and waits until it is drawn. What goes wrong in it is collected. `watch` begins before that, and gives what ends it. */
export async function open(browser, url, options = {}, watch = async () => async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.errors.push(message.text());
  });
  page.on('dialog', (dialog) => {
    page.errors.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const drawn = await watch(page);
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset.ready, null, { timeout: 120_000 });
  const ready = await page.evaluate(() => document.documentElement.dataset.ready);
  if (ready !== 'yes') throw new Error(await page.textContent('[data-mount]'));
  await drawn();
  return page;
}

/** A million messages. */
export const LARGE = ['test', '-w', 'broadcast', '--node', 'flood', '--node-count', '25', '--topology', 'total', '--rate', '200', '--time-limit', '18',
  '--latency', '20', '--latency-dist', 'exponential', '--seed', '1'];

/** Pans over the trace for two seconds: how many frames there were in each. */
export function panned(page) {
  return page.evaluate(async () => {
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
}

export const FLOOD = ['test', '-w', 'broadcast', '--node', 'flood', '--nemesis', 'partition', '--time-limit', '20', '--rate', '10', '--seed', '7'];

/** Waits until an element says what fits; pages are drawn when the browser gets to it. */
export async function says(page, selector, pattern) {
  await page.waitForFunction(
    ([selector, source]) => new RegExp(source, 's').test(document.querySelector(selector)?.textContent ?? ''),
    [selector, pattern.source],
    { timeout: 60_000 },
  );
}

const AXE = () => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds serious on a page, in words. */
export async function serious(page) {
  // Through the debugger, which the page's policy does not bind.
  await page.evaluate(AXE());
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`);
}
