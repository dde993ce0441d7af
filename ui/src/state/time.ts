// When something was, as short as a table needs it. Pure: now is an argument.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `now`, `4 min`, `3 h`, `12 Nov`, `12 Nov 2025`. A clock that is ahead counts as now. */
export function shortly(at: number, now: number): string {
  const since = now - at;
  if (since < MINUTE) return 'now';
  if (since < HOUR) return `${Math.floor(since / MINUTE)} min`;
  if (since < DAY) return `${Math.floor(since / HOUR)} h`;
  const date = new Date(at);
  const day = `${date.getDate()} ${MONTHS[date.getMonth()] ?? ''}`;
  return date.getFullYear() === new Date(now).getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** The same in a sentence: `4 min ago`, `on 12 Nov`. */
export function ago(at: number, now: number): string {
  const short = shortly(at, now);
  if (short === 'now') return 'just now';
  return now - at < DAY ? `${short} ago` : `on ${short}`;
}

/** A moment to the minute: `today at 10:44`, `on 12 Nov at 9:05`. */
export function moment(at: number, now: number): string {
  const date = new Date(at);
  const clock = `${date.getHours()}:${String(date.getMinutes()).padStart(2, '0')}`;
  const today = date.toDateString() === new Date(now).toDateString();
  if (today) return `today at ${clock}`;
  const year = date.getFullYear() === new Date(now).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `on ${date.getDate()} ${MONTHS[date.getMonth()] ?? ''}${year} at ${clock}`;
}

/** How long something still lasts: `in 21 h`. */
export function until(at: number, now: number): string {
  const left = at - now;
  if (left <= 0) return 'now';
  if (left < HOUR) return `in ${Math.ceil(left / MINUTE)} min`;
  if (left < 2 * DAY) return `in ${Math.round(left / HOUR)} h`;
  return `in ${Math.round(left / DAY)} days`;
}

/** Two letters for a face: the first of the first and of the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0] ?? '?';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return `${[...first][0] ?? '?'}${[...last][0] ?? [...first][1] ?? ''}`.toUpperCase();
}
