// Unpacks the page's script, which is deflated, and starts it. The page's policy names
// the script by its hash, so nothing else can be started in this way.
import { fromBase64, inflate } from './inflate';

async function load() {
  const packed = document.getElementById('script')?.textContent ?? '';
  const script = document.createElement('script');
  script.textContent = new TextDecoder().decode(await inflate(fromBase64(packed)));
  document.body.append(script);
}

load().catch((error: unknown) => {
  document.documentElement.dataset.ready = 'failed';
  document.querySelectorAll('.waiting').forEach((place) => {
    place.textContent = `This browser cannot unpack the page's script: ${error instanceof Error ? error.message : String(error)}`;
  });
});
