// One of several processes that share a refresh token: at each line of its input it refreshes with what it has, and says what it got.
// A line that says "lost" makes it throw the first answer away and ask again, as after a broken connection.
import { createInterface } from 'node:readline';

const [endpoint, clientId, first] = process.argv.slice(2);
let token = first;

const refresh = async () => {
  const response = await fetch(endpoint, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId, refresh_token: token }),
  });
  return { status: response.status, ...(await response.json()) };
};

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'lost') await refresh();
  const { status, error, refresh_token: next } = await refresh();
  token = next ?? token;
  console.log(JSON.stringify({ status, error, token }));
}
