import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One declaration at the top level of a module: its text, and the names of the module that it may use. */
type Declaration = { readonly file: string; readonly name: string; readonly text: string };
type Module = {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Local name -> where it is declared. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
};

const beginning = /^(?:export )?(?:async )?(?:const|function|class) (\w+)/;
const importing = /^import (?:type )?\{([^}]*)\} from '(\.[^']*)';/gms;

const modules = new Map<string, Module>();

function read(file: string): Module {
  const known = modules.get(file);
  if (known) return known;
  const source = readFileSync(file, 'utf8');
  const imports = new Map<string, { file: string; name: string }>();
  for (const [, names = '', from = ''] of source.matchAll(importing)) {
    const target = join(dirname(file), from);
    for (const each of names.split(',').map((name) => name.trim())) {
      const [name = '', local = name] = each.split(' as ');
      if (name && !name.startsWith('type ')) imports.set(local, { file: target, name });
    }
  }
  const declarations = new Map<string, Declaration>();
  let name = '';
  for (const line of source.replaceAll(importing, '').split('\n')) {
    name = beginning.exec(line)?.[1] ?? name;
    const text = `${declarations.get(name)?.text ?? ''}${line}\n`;
    if (name) declarations.set(name, { file, name, text: withoutComment(text) });
  }
  const module = { declarations, imports };
  modules.set(file, module);
  return module;
}

const withoutComment = (text: string) => text.replace(/\/\*\*.*?\*\//gs, '').replace(/^\s*\/\/.*$/gm, '');

/**
 * Texts of all declarations that one declaration of a module may reach by name, through every file for which `enters`
 * holds. It knows the form in which this repository is written, not the language: more than is run may be reached,
 * never less.
 */
export function codeReachedFrom(file: string, name: string, enters: (file: string) => boolean): string[] {
  const reached = new Map<string, string>();
  const visit = (at: string, wanted: string): void => {
    const key = `${at} ${wanted}`;
    if (reached.has(key) || !existsSync(at) || !enters(at)) return;
    const module = read(at);
    const declaration = module.declarations.get(wanted);
    if (!declaration) return;
    reached.set(key, declaration.text);
    for (const word of new Set(declaration.text.match(/\b\w+\b/g))) {
      const imported = module.imports.get(word);
      if (imported) visit(imported.file, imported.name);
      else if (module.declarations.has(word)) visit(at, word);
    }
  };
  visit(file, name);
  return [...reached.values()];
}
