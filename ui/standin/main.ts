// One scene of the stand-in in a page of its own: `/standin/?scene=changes&theme=dark`.
import { mount } from 'svelte';
import '../src/css/index.css';
import { addSprite } from '../src/parts/sprite';
import Window from '../src/Window.svelte';
import { NOW } from './program';
import { scenes } from './scenes';

const asked = new URLSearchParams(location.search);
const scene = scenes[asked.get('scene') ?? 'variables'];
document.documentElement.dataset.theme = asked.get('theme') ?? 'light';
addSprite(document);
const target = document.getElementById('app');
if (scene && target) {
  const program = scene.program();
  mount(Window, { target, props: { ipc: program, clock: () => NOW, ...(scene.place ? { place: scene.place } : {}) } });
  if (scene.moved) setTimeout(program.move, 100, scene.moved);
}
Object.assign(globalThis, { scenes });
