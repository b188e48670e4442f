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

export async function tell({ Client, Transport, UnauthorizedError, finish }) {
  const person = new Person();
  const open = async () => {
    const client = new Client({ name: 'foreign', version: '1' });
    const transport = new Transport(new URL(settings.mcp), { authProvider: person });
    return { client, transport, outcome: await client.connect(transport).then(() => undefined, (error) => error) };
  };
  const who = async ({ client }) => JSON.parse((await client.callTool({ name: 'whoami', arguments: {} })).content[0].text);

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
  expect('tools', tools.map((tool) => tool.name).join(), 'whoami');
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
  await later.client.close();
  step('refreshed');
}
