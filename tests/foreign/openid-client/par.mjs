// openid-client: a pushed authorization request.
import * as client from 'openid-client';
import { expect, step } from '../story.mjs';
import { configure, signIn, userInfo } from './house.mjs';

const config = await configure();
step('discovery');
const tokens = await signIn(config, async (asked) => {
  const url = await client.buildAuthorizationUrlWithPAR(config, asked);
  expect('parameters', [...url.searchParams.keys()].sort().join(' '), 'client_id request_uri');
  step('push');
  return url;
});
await userInfo(config, tokens, tokens.claims().sub);
