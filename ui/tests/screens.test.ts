// Every screen and state, in both themes: accessible by axe's reckoning, and no value in the page that nobody revealed.
import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { scenes } from '../standin/scenes';
import { show } from './show';

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each(Object.keys(scenes))('%s', async (name) => {
    document.documentElement.dataset.theme = theme;
    const { world } = await show(name);
    // Colours on their way from one to another are not what anybody reads.
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
    const { violations } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`)).toEqual([]);

    const shown = document.documentElement.outerHTML;
    const revealed = Object.values(world.values).filter((value) => shown.includes(value));
    expect(revealed).toEqual(name === 'revealed' ? ['k9$tide-84'] : []);
    expect(shown.includes('7Qm2')).toBe(name === 'conflict-revealed');
    const typed = [...document.querySelectorAll('textarea')].map((one) => one.value).join('');
    expect((shown + typed).includes(world.invite)).toBe(name === 'invite-shown');
    expect(document.querySelectorAll('[style]')).toHaveLength(0);
  });
});
