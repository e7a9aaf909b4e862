// Begins all that a script draws on the page.

import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { type Meta, type Run, unpack } from './data';
import { Links } from './links';
import { Model } from './model';
import { Consumers } from './consumers';
import { live } from './live';
import { Difference, Pair, Traces } from './pair';
import { Plots } from './plots';
import { sortable } from './sortable';
import { State } from './state';
import { Values, hasValues, showValue } from './values';
import { Viewer } from './viewer';

const text = (id: string) => document.getElementById(id)?.textContent ?? '';
const mount = (name: string) => document.querySelector(`[data-mount="${name}"]`);

function into(name: string, what: preact.ComponentChild) {
  const place = mount(name);
  if (!place) return;
  place.replaceChildren();
  render(what, place);
}

/** Goes to what a fragment names: a place in the trace, a value, a part of the page. */
function go(state: State, fragment: string) {
  if (state.read(fragment) || showValue(fragment)) return;
  let id = fragment.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // It stays as it is written.
  }
  document.getElementById(id)?.scrollIntoView();
}

async function beginPair() {
  const [left, right] = await Promise.all(
    ['', '-b'].map(async (side) => new Model(await unpack(JSON.parse(text(`meta${side}`)) as Meta, text(`packed${side}`)))),
  );
  const pair = new Pair(left!, right!);
  into('difference', <Difference pair={pair} />);
  into('trace', <Traces pair={pair} />);
  pair.show();
}

async function begin() {
  sortable();
  const lively = mount('live');
  if (lively) live(lively);
  if (!document.getElementById('packed')) {
    document.documentElement.dataset.ready = 'yes';
    return;
  }
  if (document.getElementById('packed-b')) {
    await beginPair();
    document.documentElement.dataset.ready = 'yes';
    return;
  }
  const run: Run = await unpack(JSON.parse(text('meta')) as Meta, text('packed'));
  const model = new Model(run);
  const state = new State(model);
  into('trace', <Viewer state={state} />);
  if (hasValues(model)) into('values', <Values model={model} />);
  if (run.lags) into('lags', <Consumers lags={run.lags} model={model} state={state} />);
  into('plots', <Plots model={model} state={state} />);
  into('links', <Links model={model} state={state} />);
  // A link that was followed before there was anything to show.
  if (location.hash.length > 1) go(state, location.hash);
  addEventListener('hashchange', () => go(state, location.hash));
  // The same link again, after one has moved on.
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.('a[href^="#"]');
    const to = link?.getAttribute('href');
    if (!to || !/^#(op|message|mark|t|follow|value)-/.test(to)) return;
    event.preventDefault();
    history.pushState(null, '', to);
    go(state, to);
  });
  document.documentElement.dataset.ready = 'yes';
}

begin().catch((error: unknown) => {
  document.documentElement.dataset.ready = 'failed';
  document.querySelectorAll('[data-mount]').forEach((place) => {
    place.textContent = `This could not be drawn: ${error instanceof Error ? error.message : String(error)}`;
  });
});
