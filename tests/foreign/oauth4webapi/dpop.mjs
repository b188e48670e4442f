// oauth4webapi: code, refresh token and access token bound to a key.
import { expect, step } from '../story.mjs';
import { address, asBearer, prover, refresh, signIn, userInfo } from './house.mjs';

const DPoP = await prover();
const { tokens, subject } = await signIn(async (asked) => address({ ...asked, dpop_jkt: await DPoP.calculateThumbprint() }), { DPoP });
const refreshed = await refresh(tokens.refresh_token, { DPoP });
expect('token_type', refreshed.token_type, 'dpop');
step('refresh');
await userInfo(refreshed.access_token, subject, { DPoP });
await asBearer(refreshed.access_token);
