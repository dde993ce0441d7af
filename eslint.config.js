import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const tauri = {
  group: ['@tauri-apps/*'],
  message: 'Only ui/src/ipc talks to Tauri. Everything else sees the typed functions it gives.',
};
const standin = {
  group: ['**/standin/**'],
  message: 'The stand-in is for tests and pictures: the window must never carry it.',
};

export default ts.config(
  { ignores: ['ui/dist', 'ui/src/ipc/bindings.ts', 'pictures'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ['ui/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [tauri] }],
      'no-console': 'error',
      'no-eval': 'error',
    },
  },
  {
    files: ['ui/src/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [tauri, standin] }],
      // Values live in memory only.
      'no-restricted-globals': ['error', 'localStorage', 'sessionStorage', 'indexedDB'],
      // A style attribute in markup is refused by the content security policy.
      'svelte/no-inline-styles': ['error', { allowTransitions: false }],
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    files: ['ui/src/ipc/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [standin] }] },
  },
  { files: ['ui/scripts/**', '*.config.*'], languageOptions: { globals: globals.node }, rules: { 'no-console': 'off' } },
);
