// The window's page: mounts the app over the real program.
import { mount } from 'svelte';
import './css/index.css';
import { program } from './ipc';
import { addSprite } from './parts/sprite';
import Window from './Window.svelte';

addSprite(document);
const target = document.getElementById('app');
if (target) mount(Window, { target, props: { ipc: program } });
