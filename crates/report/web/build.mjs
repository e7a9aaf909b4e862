// Builds the page's script and style into dist/, with the hashes that the page's
// policy names. The script is deflated, and a loader of a few lines unpacks it in the
// browser. `--compare`: only says whether dist/ is what the sources give.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { build } from 'esbuild';

const here = new URL('./', import.meta.url);
const result = await build({
  entryPoints: {
    page: new URL('src/page.tsx', here).pathname,
    loader: new URL('src/loader.ts', here).pathname,
  },
  outdir: new URL('dist/', here).pathname,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome116', 'firefox115'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  charset: 'utf8',
  legalComments: 'none',
  write: false,
});
const licence = (name) =>
  readFileSync(new URL(`node_modules/${name}/LICENSE`, here), 'utf8').trim();
const banner = ['preact', 'uplot']
  .map((name) => `/*! ${name}\n${licence(name)}\n*/\n`)
  .join('');
const hash = (text) => createHash('sha256').update(text).digest('base64') + '\n';
const files = {};
for (const file of result.outputFiles) {
  const name = file.path.split('/').pop();
  // Within <script> and <style> nothing may look like their end.
  const text = (name === 'page.js' ? banner : '') + file.text.trim().replace(/<\/(script|style)/gi, '<\\/$1');
  files[`${name}.sha256`] = hash(text);
  if (name === 'page.js') files['page.js.deflated'] = deflateRawSync(text, { level: 9 }).toString('base64');
  else files[name] = text;
}
/** What a file says: versions of Node.js deflate the same text differently. */
const meaning = (name, text) =>
  name.endsWith('.deflated') ? inflateRawSync(Buffer.from(text, 'base64')).toString() : text;
let differs = false;
mkdirSync(new URL('dist/', here), { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const path = new URL(`dist/${name}`, here);
  if (process.argv.includes('--compare')) {
    let old = '';
    try {
      old = meaning(name, readFileSync(path, 'utf8'));
    } catch {}
    if (old !== meaning(name, text)) {
      console.error(`dist/${name} is not what the sources give: run npm run build`);
      differs = true;
    }
  } else {
    writeFileSync(path, text);
    console.log(`dist/${name}: ${Buffer.byteLength(text)} bytes`);
  }
}
process.exitCode = differs ? 1 : 0;
