// oauth4webapi: a pushed authorization request.
import { step } from '../story.mjs';
import { push, signIn, userInfo } from './house.mjs';

const { tokens, subject } = await signIn(async (asked) => {
  const url = await push(asked);
  step('push');
  return url;
});
await userInfo(tokens.access_token, subject);
