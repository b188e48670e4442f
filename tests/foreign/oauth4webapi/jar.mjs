// oauth4webapi: a signed authorization request.
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { settings, step } from '../story.mjs';
import { address, as, client, signIn, userInfo } from './house.mjs';

const key = await importPKCS8(settings.signingKey, 'ES256');
const { tokens, subject } = await signIn(async (asked) => {
  const request = await oauth.issueRequestObject(as, client, asked, { key, kid: 'own' });
  step('sign');
  return address({ client_id: client.client_id, request });
});
await userInfo(tokens.access_token, subject);
