/**
 * Checks the types of `addon/*.gs` (TypeScript's --checkJs): the compiler knows no `.gs`, so each file is shown to it
 * under a name that ends in `.js`. Options are those of `tsconfig.json`. Exits with 1 where something is wrong.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ADDON = path.join(ROOT, 'addon');

function scripts() {
  const names = readdirSync(ADDON).filter((name) => name.endsWith('.gs'));
  return new Map(names.map((name) => [path.join(ADDON, `${name}.js`), path.join(ADDON, name)]));
}

function options() {
  const config = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.config.compilerOptions, ROOT).options;
}

function hostOf(files, settings) {
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  const parse = (name, target) => ts.createSourceFile(name, host.readFile(name), target, true, ts.ScriptKind.JS);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => (files.has(name) ? readFileSync(files.get(name), 'utf8') : readFile(name));
  host.getSourceFile = (name, target, ...rest) =>
    files.has(name) ? parse(name, target) : getSourceFile(name, target, ...rest);
  return host;
}

const files = scripts();
const settings = options();
const host = hostOf(files, settings);
const program = ts.createProgram([...files.keys()], settings, host);
const faults = ts.getPreEmitDiagnostics(program);
process.stdout.write(ts.formatDiagnostics(faults, host).replaceAll('.gs.js', '.gs'));
process.exitCode = faults.length ? 1 : 0;
