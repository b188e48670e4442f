// oauth4webapi against a running server: the whole life of one sign-in.
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';
import { expect, settings, step } from './story.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
// With settings.dpop everything that the library can prove is proven, the code is bound by dpop_jkt, and the refresh token is used with the same key.
let proven = insecure;
const issuer = new URL(settings.issuer);
const as = await oauth
  .discoveryRequest(issuer, { algorithm: settings.discovery ?? 'oidc', ...insecure })
  .then((response) => oauth.processDiscoveryResponse(issuer, response));
step('discovery');

const client = { client_id: settings.clientId, id_token_signed_response_alg: settings.idTokenAlg };
if (settings.dpop) proven = { ...insecure, DPoP: oauth.DPoP(client, await oauth.generateKeyPair(settings.dpop)) };
const authentication = settings.privateKey
  ? oauth.PrivateKeyJwt(await importPKCS8(settings.privateKey, 'RS256'))
  : oauth.ClientSecretBasic(settings.clientSecret);
const browser = new Browser(settings.issuer, settings.username, settings.password);
const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
const request = new URL(as.authorization_endpoint);
request.search = new URLSearchParams({
  client_id: settings.clientId,
  redirect_uri: settings.redirectUri,
  response_type: 'code',
  scope: settings.scope,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
  ...(proven.DPoP ? { dpop_jkt: await proven.DPoP.calculateThumbprint() } : {}),
});
// The library demands iss in the answer, for the metadata promise it.
const parameters = oauth.validateAuthResponse(as, client, await browser.visit(request.href), state);
step('authorize', { pages: browser.pages });

const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, settings.redirectUri, verifier, proven);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
expect('token_type', tokens.token_type, proven.DPoP ? 'dpop' : 'bearer');
step('token', { scope: tokens.scope });
await oauth.validateApplicationLevelSignature(as, response, insecure);
const claims = oauth.getValidatedIdTokenClaims(tokens);
step('id-token');

const refreshed = await oauth
  .refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, proven)
  .then((answer) => oauth.processRefreshTokenResponse(as, client, answer));
step('refresh');

const userInfo = await oauth
  .userInfoRequest(as, client, refreshed.access_token, proven)
  .then((answer) => oauth.processUserInfoResponse(as, client, claims.sub, answer));
expect('email', userInfo.email, settings.email);
step('userinfo');

const introspect = (token) =>
  oauth.introspectionRequest(as, client, authentication, token, insecure).then((answer) => oauth.processIntrospectionResponse(as, client, answer));
expect('active', (await introspect(refreshed.access_token)).active, true);
step('introspection');

const current = refreshed.refresh_token ?? tokens.refresh_token;
await oauth.revocationRequest(as, client, authentication, current, insecure).then(oauth.processRevocationResponse);
expect('active after the revocation', (await introspect(refreshed.access_token)).active, false);
step('revocation');

const end = new URL(as.end_session_endpoint);
end.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.postLogoutRedirectUri, state });
expect('address after the logout', (await browser.visit(end.href)).href, `${settings.postLogoutRedirectUri}?state=${state}`);
step('logout');
