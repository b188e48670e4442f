// openid-client: a client that registers itself and signs somebody in.
import * as client from 'openid-client';
import { expect, settings, step } from '../story.mjs';
import { signIn, strict, userInfo } from './house.mjs';

const wanted = {
  client_name: 'Registered',
  redirect_uris: [settings.redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: settings.scope,
};
const config = await client.dynamicClientRegistration(new URL(settings.issuer), wanted, client.ClientSecretBasic(), strict);
step('discovery');
const registered = config.clientMetadata();
expect('redirect_uris', registered.redirect_uris.join(' '), settings.redirectUri);
expect('client_secret', typeof registered.client_secret, 'string');
step('register');
const tokens = await signIn(config, (asked) => client.buildAuthorizationUrl(config, asked));
await userInfo(config, tokens, tokens.claims().sub);
