// Where columns stand; arrows, distances and places in ascending lists.

/** Where things stand on the canvas, in CSS pixels. */
export interface Layout {
  width: number;
  height: number;
  /** The middle of each lane's column; NaN: it has none. */
  x: Float64Array;
  left: number;
  right: number;
  top: number;
  /** How wide the map of the whole run is. */
  map: number;
}

/** How many of the ascending times are at most `time`. */
export function upperOp(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds an arrow to a path. */
export function arrow(path: Path2D, x1: number, y1: number, x2: number, y2: number, head: boolean, size = 6) {
  if (x1 === x2) {
    // To itself: a small bow.
    path.moveTo(x1, y1);
    path.quadraticCurveTo(x1 + 16, (y1 + y2) / 2, x2, y2 + 0.5);
    return;
  }
  path.moveTo(x1, y1);
  path.lineTo(x2, y2);
  if (!head) return;
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [((x2 - x1) / length) * size, ((y2 - y1) / length) * size];
  path.moveTo(x2 - dx - dy * 0.5, y2 - dy + dx * 0.5);
  path.lineTo(x2, y2);
  path.lineTo(x2 - dx + dy * 0.5, y2 - dy - dx * 0.5);
}

/** How far a point is from a segment. */
export function toSegment(x: number, y: number, x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const part = length ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - part * dx, y - y1 - part * dy);
}
