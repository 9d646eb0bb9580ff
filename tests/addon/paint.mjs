/**
 * Paints answers of the backend with `addon/*.gs`, so that other tests can see what Gmail would show. In, on stdin: a
 * JSON list of {door, locale, status, text}; out, on stdout: the list of what each door answered, as card JSON.
 */
import { readFileSync } from 'node:fs';
import { mailEvent, startAddon } from './fake/apps-script.mjs';
import { toJson } from './fake/card-json.mjs';

function paint({ door, locale, status, text }) {
  const addon = startAddon({ respond: () => ({ status, text }) });
  const answer = addon.call(door, mailEvent({ locale, parameters: { action: 'any' } }));
  return Array.isArray(answer) ? Array.from(answer, toJson) : toJson(answer);
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(paint)));
