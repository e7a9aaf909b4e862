// What runs right now, as a server tells it.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { count, printable } from './text';

interface Progress {
  run: string;
  operations: number;
  seconds: number;
  limit: number | null;
  bytes: number;
}

interface Told {
  running: Progress | null;
  runs: number;
}

function Live() {
  const [told, setTold] = useState<Told | null>(null);
  const [first, setFirst] = useState<number | null>(null);
  const [lost, setLost] = useState(false);
  useEffect(() => {
    const source = new EventSource('/live');
    source.onmessage = (event) => {
      const told = JSON.parse(event.data) as Told;
      setTold(told);
      setLost(false);
      setFirst((first) => first ?? told.runs);
    };
    source.onerror = () => setLost(true);
    return () => source.close();
  }, []);
  const running = told?.running;
  return (
    <>
      {lost && <p>The server does not answer; is it still there?</p>}
      {running ? (
        <p>
          Running: <code>{printable(running.run)}</code>: {count(running.operations, 'entry').replace('entrys', 'entries')} in the history,{' '}
          {running.seconds.toFixed(1)} s{running.limit ? ` of ${running.limit} s` : ''}{' '}
          {running.limit ? <progress max={running.limit} value={Math.min(running.limit, running.seconds)} aria-label="How far the run is" /> : null}
        </p>
      ) : (
        <p>Nothing runs right now.</p>
      )}
      {told && first !== null && told.runs !== first && (
        <p>
          <a href="">There are {told.runs} runs now, and {first} on this page: show them</a>
        </p>
      )}
    </>
  );
}

export function live(place: Element) {
  render(<Live />, place);
}
