// openid-client: the configuration of one client, and a sign-in of which the flow decides how it is asked for.
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { Browser } from '../browser.mjs';
import { expect, settings, step } from '../story.mjs';

// Signatures are checked although the channel would vouch for them.
export const strict = { execute: [client.enableNonRepudiationChecks] };

const authentication = settings.privateKey
  ? client.PrivateKeyJwt(await importPKCS8(settings.privateKey, settings.keyAlg))
  : settings.clientSecret
    ? client.ClientSecretBasic(settings.clientSecret)
    : client.None();

export const configure = (clientId = settings.clientId) =>
  client.discovery(new URL(settings.issuer), clientId, { id_token_signed_response_alg: settings.idTokenAlg }, authentication, strict);

export const browser = new Browser(settings.issuer, settings.username, settings.password);

/** A key for proofs, with the library's own memory of nonces. */
export const prover = async (config) => client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));

export const parameters = async (verifier) => ({
  redirect_uri: settings.redirectUri,
  scope: settings.scope,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state: client.randomState(),
  nonce: client.randomNonce(),
});

/** Signs in by the address that `address` makes of the parameters. */
export async function signIn(config, address, options) {
  const verifier = client.randomPKCECodeVerifier();
  const asked = await parameters(verifier);
  const callback = await browser.visit((await address(asked)).href);
  step('authorize');
  const tokens = await client.authorizationCodeGrant(
    config,
    callback,
    { pkceCodeVerifier: verifier, expectedState: asked.state, expectedNonce: asked.nonce, idTokenExpected: true },
    undefined,
    options,
  );
  expect('token_type', tokens.token_type, options?.DPoP ? 'dpop' : 'bearer');
  expect('alg of the ID token', JSON.parse(atob(tokens.id_token.split('.')[0])).alg, config.clientMetadata().id_token_signed_response_alg ?? 'RS256');
  step('token');
  return tokens;
}

export async function userInfo(config, tokens, subject, options) {
  const info = await client.fetchUserInfo(config, tokens.access_token, subject, options);
  if (settings.scope.includes('email')) expect('email', info.email, settings.email);
  step('userinfo');
}
