// The icons as one hidden drawing in the page, from which `Icon` uses symbols by name.
import svg from './icons.svg?raw';

export type IconName =
  | 'state-step' | 'state-here' | 'state-there' | 'state-conflict' | 'state-offline' | 'state-locked' | 'state-refused'
  | 'search' | 'team' | 'file' | 'eye' | 'eye-off' | 'copy' | 'pencil' | 'plus' | 'minus' | 'changed' | 'link' | 'computer'
  | 'vault' | 'import' | 'chevron-right' | 'chevron-down' | 'close' | 'warning' | 'names' | 'empty' | 'twice' | 'placeholder' | 'differs' | 'danger' | 'sync'
  | 'activity' | 'settings' | 'export' | 'more' | 'key' | 'kit' | 'service' | 'clock';

/** Adds the icons to a page, once. */
export function addSprite(page: Document): void {
  if (page.getElementById('sprite')) return;
  const sprite = page.importNode(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement, true);
  for (const attribute of ['fill', 'stroke', 'stroke-width', 'stroke-linecap', 'stroke-linejoin']) sprite.removeAttribute(attribute);
  for (const [name, value] of Object.entries({ id: 'sprite', class: 'sprite', width: '0', height: '0', 'aria-hidden': 'true' })) {
    sprite.setAttribute(name, value);
  }
  page.body.prepend(sprite);
}
