// openid-client: a signed authorization request.
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { expect, settings, step } from '../story.mjs';
import { configure, signIn, userInfo } from './house.mjs';

const config = await configure();
step('discovery');
const key = await importPKCS8(settings.signingKey, 'ES256');
const tokens = await signIn(config, async (asked) => {
  const url = await client.buildAuthorizationUrlWithJAR(config, asked, { key, kid: 'own' });
  expect('parameters', [...url.searchParams.keys()].sort().join(' '), 'client_id request');
  step('sign');
  return url;
});
await userInfo(config, tokens, tokens.claims().sub);
