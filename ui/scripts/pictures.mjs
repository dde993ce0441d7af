// Builds every scene of the stand-in as the window's page is built, serves it under the window's own content security policy,
// and takes pictures into pictures/. Anything that the policy refuses, or that goes wrong in the page, is a failure.
// Also looks whether the page that ships carries anything of the stand-in.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { build } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(root, 'pictures');
const built = join(pictures, '.standin');
const only = process.argv.slice(2);

await mkdir(pictures, { recursive: true });
await build({ root: join(root, 'ui'), configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { outDir: built, emptyOutDir: true, rollupOptions: { input: join(root, 'ui/standin/index.html') } } });

const { app } = JSON.parse(await readFile(join(root, 'tauri.conf.json'), 'utf8'));
const policy = Object.entries(app.security.csp).map(([name, value]) => `${name} ${value}`).join('; ');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, 'http://localhost').pathname);
  try {
    const content = await readFile(join(built, path.endsWith('/') ? `${path}index.html` : path));
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/html', 'content-security-policy': policy }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const address = `http://127.0.0.1:${server.address().port}/standin/`;

const browser = await chromium.launch({
  executablePath: process.env.TWINLOCK_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const failures = [];
let taken = 0;

async function picture(name, theme, width, height) {
  const page = await browser.newPage({ viewport: { width, height } });
  const file = `${name}-${theme}${width === 1180 ? '' : `-${width}`}.png`;
  page.on('pageerror', (error) => failures.push(`${file}: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error' && !message.location().url.includes('favicon')) failures.push(`${file}: ${message.text()}`); });
  try {
    await page.goto(`${address}?scene=${name}&theme=${theme}`);
    const scene = await page.evaluate((name) => { const { fill, press, choose, ready } = globalThis.scenes[name]; return { fill: fill ?? {}, press: press ?? [], choose: choose ?? [], ready }; }, name);
    for (const [field, text] of Object.entries(scene.fill)) await page.getByLabel(field, { exact: true }).fill(text);
    for (const button of scene.press) {
      const begins = { name: new RegExp(`^${button.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`) };
      await page.getByRole('button', begins).or(page.getByRole('menuitem', begins)).first().click();
    }
    for (const choice of scene.choose) await page.getByRole('radio', { name: new RegExp(`^${choice}`) }).click();
    await page.getByText(scene.ready).first().waitFor();
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (sideways) failures.push(`${file}: the page is wider than the window`);
    await page.screenshot({ path: join(pictures, file), animations: 'disabled' });
    taken += 1;
  } catch (error) {
    failures.push(`${file}: ${error.message.split('\n')[0]}`);
  }
  await page.close();
}

const probe = await browser.newPage();
await probe.goto(address);
const names = (await probe.evaluate(() => Object.keys(globalThis.scenes))).filter((name) => only.length === 0 || only.includes(name));
await probe.close();
for (const name of names) {
  for (const theme of ['light', 'dark']) await picture(name, theme, 1180, 760);
  await picture(name, 'light', 720, 760);
}
// 200 % zoom of the smallest window comes to this.
for (const name of ['welcome', 'variables', 'changes', 'team', 'compare', 'removed', 'refused', 'activity', 'settings', 'invite', 'import'].filter((name) => names.includes(name))) await picture(name, 'light', 480, 400);
await browser.close();
server.close();
await rm(built, { recursive: true, force: true });

for (const file of await readdir(join(root, 'ui/dist'), { recursive: true }).catch(() => [])) {
  if (!/\.(js|css|html)$/.test(file)) continue;
  const text = await readFile(join(root, 'ui/dist', file), 'utf8');
  if (/Saltmarsh/.test(text)) failures.push(`ui/dist/${file} carries the stand-in`);
  if (/\sstyle=|<style|<script>/.test(text) && file.endsWith('.html')) failures.push(`ui/dist/${file} has inline styles or scripts`);
}

console.log(`${taken} pictures in pictures/`);
for (const failure of failures) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);
