// Keyboard shortcuts as this system has them. Pure but for asking which one it is.

const mac = () => navigator.platform.startsWith('Mac');

/** Whether this is Ctrl, or the Command key, with a letter and nothing else. */
export function isShortcut(event: KeyboardEvent, letter: string): boolean {
  const held = mac() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  return held && !event.altKey && !event.shiftKey && event.key.toLowerCase() === letter;
}

/** The keys of a shortcut, as they are written on the keyboard. */
export function keysOf(letter: string): string[] {
  return [mac() ? '⌘' : 'Ctrl', letter.toUpperCase()];
}
