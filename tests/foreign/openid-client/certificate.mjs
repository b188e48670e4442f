// openid-client: authenticated by a certificate, and the tokens bound to it.
import * as client from 'openid-client';
import { withCertificate } from '../certificate.mjs';
import { expect, settings, step } from '../story.mjs';
import { signIn, strict, userInfo } from './house.mjs';

const config = await client.discovery(
  new URL(settings.issuer),
  settings.clientId,
  { id_token_signed_response_alg: settings.idTokenAlg, use_mtls_endpoint_aliases: true },
  client.TlsClientAuth(),
  { ...strict, [client.customFetch]: withCertificate },
);
step('discovery');
const tokens = await signIn(config, async (asked) => {
  const url = await client.buildAuthorizationUrlWithPAR(config, asked);
  step('push');
  return url;
});
const subject = tokens.claims().sub;
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
expect('the refresh token', refreshed.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
step('refresh');
await userInfo(config, refreshed, subject);

for (const endpoint of [config.serverMetadata().userinfo_endpoint, config.serverMetadata().mtls_endpoint_aliases.userinfo_endpoint]) {
  const stolen = await fetch(endpoint, { headers: { authorization: `Bearer ${refreshed.access_token}` } });
  expect('status of a bound token without its certificate', stolen.status, 401);
}
step('without-certificate');
