// The story of an MCP client that knows nothing but the address of a server: told by each line of the SDK in the same way.
import { Browser } from './browser.mjs';
import { expect, settings, step } from './story.mjs';

/** What an app must bring, and nothing that is optional: the SDK decides the rest. */
class Person {
  kept = {};

  constructor() {
    if (settings.way === 'document') this.clientMetadataUrl = settings.document;
    if (settings.way === 'static') this.kept.client = { client_id: settings.clientId };
  }

  get redirectUrl() {
    return settings.redirectUri;
  }

  get clientMetadata() {
    return { client_name: 'Foreign MCP client', redirect_uris: [settings.redirectUri] };
  }

  state() {
    return (this.kept.state = crypto.randomUUID());
  }

  clientInformation() {
    return this.kept.client;
  }

  saveClientInformation(client) {
    this.kept.client = client;
  }

  tokens() {
    return this.kept.tokens;
  }

  saveTokens(tokens) {
    this.kept.tokens = tokens;
  }

  redirectToAuthorization(url) {
    this.kept.asked = url;
  }

  saveCodeVerifier(verifier) {
    this.kept.verifier = verifier;
  }

  codeVerifier() {
    return this.kept.verifier;
  }
}

export async function tell({ Client, Transport, UnauthorizedError, finish, stepsUp }) {
  const person = new Person();
  const open = async () => {
    const client = new Client({ name: 'foreign', version: '1' });
    const transport = new Transport(new URL(settings.mcp), { authProvider: person });
    return { client, transport, outcome: await client.connect(transport).then(() => undefined, (error) => error) };
  };
  const call = async ({ client }, name) => JSON.parse((await client.callTool({ name, arguments: {} })).content[0].text);
  const who = (opened) => call(opened, 'whoami');

  const stranger = await open();
  if (!(stranger.outcome instanceof UnauthorizedError)) throw stranger.outcome ?? new Error('a stranger was let in');
  expect('resource', person.kept.asked.searchParams.get('resource'), settings.mcp);
  expect('scope', person.kept.asked.searchParams.get('scope').split(' ')[0], 'notes:read');
  const clientId = person.kept.client.client_id;
  if (settings.way === 'static') expect('client_id', clientId, settings.clientId);
  else if (settings.way === 'document') expect('client_id', clientId, settings.document);
  else if (!clientId.startsWith('reg-')) throw new Error(`${clientId} was not registered`);
  step('challenged');

  const browser = new Browser(settings.issuer, settings.username, settings.password);
  const callback = await browser.visit(person.kept.asked.href);
  expect('state', callback.searchParams.get('state'), person.kept.state);
  expect('pages', browser.pages.join(), 'login,consent');
  step('authorized');

  await finish(stranger.transport, callback.searchParams);
  const known = await open();
  if (known.outcome) throw known.outcome;
  const { tools } = await known.client.listTools();
  expect('tools', tools.map((tool) => tool.name).join(), 'whoami,add');
  expect('client of the token', (await who(known)).client, clientId);
  await known.client.close();
  step('connected');

  // The access token is over: the SDK refreshes it by itself, and nobody is asked.
  const before = person.kept.tokens;
  if (!before.refresh_token) throw new Error('there is no refresh token');
  person.kept.tokens = { ...before, access_token: 'over' };
  person.kept.asked = undefined;
  const later = await open();
  if (later.outcome) throw later.outcome;
  expect('client after the refresh', (await who(later)).client, clientId);
  expect('asked again', person.kept.asked, undefined);
  step('refreshed');
  if (!stepsUp) return later.client.close();

  // A tool needs more: the person is asked for it, and what was there stays.
  const less = await call(later, 'add').then(() => undefined, (error) => error);
  if (!(less instanceof UnauthorizedError)) throw less ?? new Error('the tool was called without its scope');
  browser.pages = [];
  await finish(later.transport, (await browser.visit(person.kept.asked.href)).searchParams);
  expect('pages of the step up', browser.pages.join(), 'consent');
  const scopes = (await call(later, 'add')).scope.split(' ');
  if (!['notes:read', 'notes:write'].every((scope) => scopes.includes(scope))) throw new Error(`only ${scopes}`);
  await later.client.close();
  step('stepped-up');
}
