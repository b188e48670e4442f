// oauth4webapi: a signed authorization request, pushed.
import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { settings, step } from '../story.mjs';
import { as, client, push, signIn, userInfo } from './house.mjs';

const key = await importPKCS8(settings.signingKey, 'ES256');
const { tokens, subject } = await signIn(async (asked) => {
  const url = await push({ request: await oauth.issueRequestObject(as, client, asked, { key, kid: 'own' }) });
  step('push');
  return url;
});
await userInfo(tokens.access_token, subject);
