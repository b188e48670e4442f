// An API that checks access tokens with oauth4webapi alone, and one that checks them with jose: both kinds of verifier that others write.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { expect, settings, step } from './story.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(settings.issuer);
const as = await oauth
  .discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  .then((response) => oauth.processDiscoveryResponse(issuer, response));
step('discovery');

const client = { client_id: settings.clientId };
const tokens = await oauth
  .clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic(settings.clientSecret), { resource: settings.api }, insecure)
  .then((response) => oauth.processClientCredentialsResponse(as, client, response));
step('token', { scope: tokens.scope });

const call = new Request(`${settings.api}/notes`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
const claims = await oauth.validateJwtAccessToken(as, call, settings.api, insecure);
expect('client_id', claims.client_id, settings.clientId);
expect('scope', claims.scope, 'read');
step('oauth4webapi');

const keys = createRemoteJWKSet(new URL(as.jwks_uri));
const options = { issuer: settings.issuer, audience: settings.api, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['exp', 'iat', 'jti', 'sub'] };
const { payload } = await jwtVerify(tokens.access_token, keys, options);
expect('sub', payload.sub, settings.clientId);
const elsewhere = await jwtVerify(tokens.access_token, keys, { ...options, audience: 'https://other.example' }).then(
  () => undefined,
  (error) => error.claim,
);
expect('what another API refuses', elsewhere, 'aud');
step('jose');
