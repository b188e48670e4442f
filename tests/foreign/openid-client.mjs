// openid-client against a running server: the whole life of one sign-in.
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';
import { expect, settings, step } from './story.mjs';

const authentication = settings.privateKey
  ? client.PrivateKeyJwt(await importPKCS8(settings.privateKey, 'RS256'))
  : client.ClientSecretBasic(settings.clientSecret);
const config = await client.discovery(new URL(settings.issuer), settings.clientId, { id_token_signed_response_alg: settings.idTokenAlg }, authentication, {
  // Plain http on loopback, and signatures checked although the channel would vouch for them.
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});
expect('issuer', config.serverMetadata().issuer, settings.issuer);
step('discovery');

const browser = new Browser(settings.issuer, settings.username, settings.password);
const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
const callback = await browser.visit(
  client.buildAuthorizationUrl(config, {
    redirect_uri: settings.redirectUri,
    scope: settings.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).href,
);
step('authorize', { pages: browser.pages });

const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
step('token', { scope: tokens.scope });
const claims = tokens.claims();
expect('sub of the ID token', typeof claims.sub, 'string');
expect('alg of the ID token', JSON.parse(atob(tokens.id_token.split('.')[0])).alg, settings.idTokenAlg);
step('id-token');

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
expect('sub after the refresh', refreshed.claims()?.sub, claims.sub);
step('refresh');

const userInfo = await client.fetchUserInfo(config, refreshed.access_token, claims.sub);
expect('email', userInfo.email, settings.email);
step('userinfo');

const introspected = await client.tokenIntrospection(config, refreshed.access_token);
expect('active', introspected.active, true);
expect('client_id', introspected.client_id, settings.clientId);
step('introspection');

const current = refreshed.refresh_token ?? tokens.refresh_token;
await client.tokenRevocation(config, current);
expect('active after the revocation', (await client.tokenIntrospection(config, refreshed.access_token)).active, false);
const refused = await client.refreshTokenGrant(config, current).then(
  () => undefined,
  (error) => error.error,
);
expect('error after the revocation', refused, 'invalid_grant');
step('revocation');

const farewell = client.randomState();
const end = await browser.visit(
  client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: settings.postLogoutRedirectUri,
    state: farewell,
  }).href,
);
expect('address after the logout', end.href, `${settings.postLogoutRedirectUri}?state=${farewell}`);
step('logout');
