/**
 * Runs `addon/*.gs` as Apps Script would: one scope for all files, strict services around it, and the manifest's rules
 * (what may be fetched) kept. Tells which scopes the run has used.
 */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { newCardService } from './card-service.mjs';
import { readSurface } from './surface.mjs';

export const ADDON = fileURLToPath(new URL('../../../addon/', import.meta.url));
export const MANIFEST = JSON.parse(readFileSync(path.join(ADDON, 'appsscript.json'), 'utf8'));
export const BACKEND = 'https://crm.example.com/';

const SCOPES = {
  identity: ['openid', 'https://www.googleapis.com/auth/userinfo.email'],
  fetch: ['https://www.googleapis.com/auth/script.external_request'],
  headers: ['https://www.googleapis.com/auth/gmail.addons.current.message.metadata'],
};
const FETCH_OPTIONS = ['contentType', 'headers', 'method', 'payload', 'followRedirects', 'muteHttpExceptions'];

/**
 * @param {object} world
 * @param {(url: string, options: object) => {status?: number, text?: string}} [world.respond] may throw, as UrlFetch
 * @param {string | null} [world.token] what `getIdentityToken` returns
 * @param {Record<string, string>} [world.mail] headers of the open mail; a missing one throws when it is read
 */
export function startAddon({ respond = () => ({}), token = 'identity-token', mail = {}, expired = false } = {}) {
  const seen = { fetches: [], scopes: new Set(), logs: [], messageTokens: [] };
  const context = vm.createContext({
    CardService: newCardService(),
    ScriptApp: scriptApp(token, seen),
    UrlFetchApp: urlFetchApp(respond, seen),
    GmailApp: gmailApp(mail, seen, expired),
    console: { warn: (...line) => seen.logs.push(line), error: (...line) => seen.logs.push(line) },
  });
  for (const name of readdirSync(ADDON).filter((file) => file.endsWith('.gs'))) {
    vm.runInContext(readFileSync(path.join(ADDON, name), 'utf8'), context, { filename: name });
  }
  const evaluate = (expression) => vm.runInContext(expression, context);
  const isFunction = (name) => typeof context[name] === 'function';
  return { ...seen, evaluate, isFunction, call: (name, ...args) => context[name](...args) };
}

function scriptApp(token, seen) {
  return strict('script', 'ScriptApp', { getIdentityToken: () => (use(seen, 'identity'), token) });
}

function urlFetchApp(respond, seen) {
  return strict('url-fetch', 'UrlFetchApp', {
    fetch(url, options) {
      use(seen, 'fetch');
      if (!MANIFEST.urlFetchWhitelist.some((prefix) => url.startsWith(prefix))) throw new Error('not allowed');
      const unknown = Object.keys(options).filter((option) => !FETCH_OPTIONS.includes(option));
      if (unknown.length) throw new TypeError(`UrlFetchApp knows no option ${unknown}`);
      seen.fetches.push({ url, options, body: JSON.parse(options.payload) });
      const { status = 200, text = '' } = respond(url, options);
      if (status >= 400 && !options.muteHttpExceptions) throw new Error(`Request failed returned code ${status}`);
      return strict('url-fetch', 'HTTPResponse', { getResponseCode: () => status, getContentText: () => text });
    },
  });
}

function gmailApp(mail, seen, expired) {
  const header = (name) => () => {
    if (!(name in mail)) throw new Error(`no access to ${name}`);
    return mail[name];
  };
  const message = {
    getHeader: (name) => header(name)(),
    getFrom: header('From'),
    getTo: header('To'),
    getCc: header('Cc'),
    getSubject: header('Subject'),
  };
  return strict('gmail', 'GmailApp', {
    setCurrentMessageAccessToken(accessToken) {
      use(seen, 'headers');
      seen.messageTokens.push(accessToken);
    },
    getMessageById: () => {
      if (expired) throw new Error('Access denied: : Missing access token for per message authorization');
      return strict('gmail', 'GmailMessage', message);
    },
  });
}

const use = (seen, what) => SCOPES[what].forEach((scope) => seen.scopes.add(scope));

/** An object with these methods and no others; each must exist in the real service. */
function strict(service, kind, methods) {
  const real = readSurface(service).interfaces.get(kind);
  for (const name of Object.keys(methods)) if (!real.has(name)) throw new TypeError(`${kind}.${name} is invented`);
  return new Proxy(methods, {
    get(target, name) {
      if (name in target) return target[name];
      throw new TypeError(`${kind}.${String(name)} is not faked or does not exist`);
    },
  });
}

/** The event of an opened mail. */
export function mailEvent({ locale = 'en', parameters, formInputs } = {}) {
  return {
    commonEventObject: {
      hostApp: 'GMAIL',
      platform: 'WEB',
      userLocale: locale,
      timeZone: { id: 'Europe/Madrid', offset: '3600000' },
      ...(parameters && { parameters }),
      ...(formInputs && { formInputs }),
    },
    gmail: { messageId: 'msg-f:17', threadId: 'thread-f:16', accessToken: 'message-token' },
  };
}

/** The event of the add-on opened with no mail. */
export function homeEvent({ locale = 'en' } = {}) {
  const { commonEventObject } = mailEvent({ locale });
  return { commonEventObject };
}
