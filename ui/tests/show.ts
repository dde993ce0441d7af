// Shows a scene and does in it what a person does.
import { page } from 'vitest/browser';
import { expect } from 'vitest';
import { render } from 'vitest-browser-svelte';
import Window from '../src/Window.svelte';
import { NOW, type StandIn } from '../standin/program';
import { scenes, type Scene } from '../standin/scenes';

export async function show(name: string, change?: (program: StandIn) => void): Promise<StandIn> {
  const scene = scenes[name] as Scene;
  const program = scene.program();
  change?.(program);
  await render(Window, { ipc: program, clock: () => NOW, ...(scene.place ? { place: scene.place } : {}) });
  if (scene.moved) {
    await expect.poll(() => program.calls.some(([called]) => called === 'destination')).toBe(true);
    program.move(scene.moved);
  }
  for (const [name, text] of Object.entries(scene.fill ?? {})) await page.getByLabelText(name, { exact: true }).fill(text);
  for (const button of scene.press ?? []) await press(button);
  for (const choice of scene.choose ?? []) await page.getByRole('radio', { name: new RegExp(`^${choice}`) }).click();
  await expect.element(page.getByText(scene.ready).first()).toBeInTheDocument();
  return program;
}

/** Presses the button, or the item of a menu, whose name begins like this. */
export async function press(name: string): Promise<void> {
  const begins = { name: new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`) };
  await page.getByRole('button', begins).or(page.getByRole('menuitem', begins)).first().click();
}

export function calls(program: StandIn, name: string): unknown[][] {
  return program.calls.filter(([called]) => called === name).map(([, ...args]) => args);
}
