// openid-client: code, refresh token and access token bound to a key.
import * as client from 'openid-client';
import { expect, failure, step } from '../story.mjs';
import { configure, prover, signIn, userInfo } from './house.mjs';

const config = await configure();
step('discovery');
const DPoP = await prover(config);
const tokens = await signIn(
  config,
  async (asked) => client.buildAuthorizationUrl(config, { ...asked, dpop_jkt: await DPoP.calculateThumbprint() }),
  { DPoP },
);
const subject = tokens.claims().sub;

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
expect('token_type', refreshed.token_type, 'dpop');
step('refresh');

await userInfo(config, refreshed, subject, { DPoP });
const refused = await failure('a bound token as bearer token', client.fetchUserInfo(config, refreshed.access_token, subject));
expect('status', refused.status ?? refused.cause?.status, 401);
step('as-bearer');
