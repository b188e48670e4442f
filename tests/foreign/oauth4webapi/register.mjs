// oauth4webapi: a client that registers itself and signs somebody in.
import * as oauth from 'oauth4webapi';
import { expect, settings, step } from '../story.mjs';
import { address, as, signIn, userInfo } from './house.mjs';

const registered = await oauth
  .dynamicClientRegistrationRequest(as, {
    client_name: 'Registered',
    redirect_uris: [settings.redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: settings.scope,
  })
  .then(oauth.processDynamicClientRegistrationResponse);
expect('redirect_uris', registered.redirect_uris.join(' '), settings.redirectUri);
step('register');
const by = oauth.ClientSecretBasic(registered.client_secret);
const { tokens, subject } = await signIn(address, undefined, registered, by);
await userInfo(tokens.access_token, subject, undefined, registered);
