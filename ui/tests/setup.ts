// What every test's page has, as the window's has it.
import '../src/css/index.css';
import { addSprite } from '../src/parts/sprite';

document.documentElement.lang = 'en';
document.title = 'Twinlock';
addSprite(document);
