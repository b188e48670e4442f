// oauth4webapi: the server, one client, and a sign-in of which the flow decides how it is asked for.
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { Browser } from '../browser.mjs';
import { expect, settings, step } from '../story.mjs';

const issuer = new URL(settings.issuer);
export const as = await oauth.discoveryRequest(issuer).then((response) => oauth.processDiscoveryResponse(issuer, response));
step('discovery');

export const client = { client_id: settings.clientId, id_token_signed_response_alg: settings.idTokenAlg };
export const authentication = settings.privateKey
  ? oauth.PrivateKeyJwt(await importPKCS8(settings.privateKey, settings.keyAlg))
  : settings.clientSecret
    ? oauth.ClientSecretBasic(settings.clientSecret)
    : oauth.None();
export const browser = new Browser(settings.issuer, settings.username, settings.password);

/** A key for proofs, with the library's own memory of nonces. */
export const prover = async () => oauth.DPoP(client, await oauth.generateKeyPair('ES256'));

/** This library tells its caller that a nonce was missing, and remembers the one that came: once more, then. */
export const again = (call) =>
  call().catch((error) => {
    if (oauth.isDPoPNonceError(error)) return call();
    throw error;
  });

export const parameters = async (verifier) => ({
  client_id: settings.clientId,
  redirect_uri: settings.redirectUri,
  response_type: 'code',
  scope: settings.scope,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state: oauth.generateRandomState(),
  nonce: oauth.generateRandomNonce(),
});

export const address = (query) => {
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams(query);
  return url;
};

export const push = (asked, options) =>
  again(() =>
    oauth
      .pushedAuthorizationRequest(as, client, authentication, asked, options)
      .then((response) => oauth.processPushedAuthorizationResponse(as, client, response)),
  ).then(({ request_uri }) => address({ client_id: client.client_id, request_uri }));

export const redeem = (answered, verifier, nonce, options, as_ = client, by = authentication) =>
  again(async () => {
    const response = await oauth.authorizationCodeGrantRequest(as, as_, by, answered, settings.redirectUri, verifier, options);
    const tokens = await oauth.processAuthorizationCodeResponse(as, as_, response, { expectedNonce: nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(as, response);
    return tokens;
  });

/** Signs in by the address that `at` makes of the parameters. */
export async function signIn(at, options, who = client, by = authentication) {
  const verifier = oauth.generateRandomCodeVerifier();
  const asked = { ...(await parameters(verifier)), client_id: who.client_id };
  // The library demands iss in the answer, for the metadata promise it.
  const answered = oauth.validateAuthResponse(as, who, await browser.visit((await at(asked)).href), asked.state);
  step('authorize');
  const tokens = await redeem(answered, verifier, asked.nonce, options, who, by);
  expect('token_type', tokens.token_type, options?.DPoP ? 'dpop' : 'bearer');
  step('token');
  return { tokens, subject: oauth.getValidatedIdTokenClaims(tokens).sub };
}

export const refresh = (token, options) =>
  again(() =>
    oauth
      .refreshTokenGrantRequest(as, client, authentication, token, options)
      .then((response) => oauth.processRefreshTokenResponse(as, client, response)),
  );

export async function userInfo(token, subject, options, who = client) {
  const info = await again(() =>
    oauth.userInfoRequest(as, who, token, options).then((response) => oauth.processUserInfoResponse(as, who, subject, response)),
  );
  if (settings.scope.includes('email')) expect('email', info.email, settings.email);
  step('userinfo');
}

export async function asBearer(token) {
  const response = await oauth.protectedResourceRequest(token, 'GET', new URL(as.userinfo_endpoint)).catch((error) => error);
  expect('status of a bound token as bearer token', response.status, 401);
  step('as-bearer');
}
