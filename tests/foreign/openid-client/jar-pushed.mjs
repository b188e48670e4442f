// openid-client: a signed authorization request, pushed.
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { expect, settings, step } from '../story.mjs';
import { configure, signIn, userInfo } from './house.mjs';

const config = await configure();
step('discovery');
const key = await importPKCS8(settings.signingKey, 'ES256');
const tokens = await signIn(config, async (asked) => {
  const signed = await client.buildAuthorizationUrlWithJAR(config, asked, { key, kid: 'own' });
  const url = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams);
  expect('parameters', [...url.searchParams.keys()].sort().join(' '), 'client_id request_uri');
  step('push');
  return url;
});
await userInfo(config, tokens, tokens.claims().sub);
