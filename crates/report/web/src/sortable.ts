// Tables that are in the page already: sorted by a click on a head, filtered by words.

export function sortable() {
  document.querySelectorAll<HTMLTableElement>('table.sortable').forEach((table) => {
    const body = table.tBodies[0];
    if (!body) return;
    const rows = [...body.rows];
    table.querySelectorAll<HTMLTableCellElement>('thead th').forEach((head, column) => {
      if (!head.textContent?.trim()) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'plain';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') === 'ascending';
        table.querySelectorAll('th').forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const key = (row: HTMLTableRowElement) => row.cells[column];
        rows.sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1));
        body.append(...rows);
      });
    });
    if (rows.length < 8) return;
    const label = document.createElement('label');
    const input = document.createElement('input');
    const said = document.createElement('output');
    input.type = 'search';
    input.placeholder = 'words that a row must have';
    label.className = 'tools';
    label.append('Filter ', input, said);
    table.parentElement?.before(label);
    const texts = rows.map((row) => row.textContent?.toLowerCase() ?? '');
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, n) => {
        // Rows move when they are sorted; their texts are looked up by what they are.
        const text = row.dataset.text ?? (row.dataset.text = texts[n] ?? '');
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) shown++;
      });
      said.textContent = ` ${shown} of ${rows.length}`;
    });
    rows.forEach((row, n) => (row.dataset.text = texts[n]));
  });
}

function compare(a?: HTMLTableCellElement, b?: HTMLTableCellElement): number {
  const [x, y] = [a?.dataset.number, b?.dataset.number];
  if (x !== undefined && y !== undefined) return Number(x) - Number(y);
  if ((x === undefined) !== (y === undefined)) return x === undefined ? 1 : -1;
  return (a?.textContent ?? '').localeCompare(b?.textContent ?? '', 'en', { numeric: true });
}
