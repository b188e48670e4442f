// A fetch that shows the certificate of the settings: the one of the platform cannot.
import https from 'node:https';
import { settings } from './story.mjs';

const agent = new https.Agent({ cert: settings.certificate, key: settings.certificateKey });

export const withCertificate = (url, { method = 'GET', headers, body } = {}) =>
  new Promise((resolve, reject) => {
    const request = https.request(url, { method, headers: Object.fromEntries(new Headers(headers)), agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => {
        const all = Object.entries(answer.headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
        resolve(new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, { status: answer.statusCode, headers: all }));
      });
    });
    request.on('error', reject);
    request.end(body?.toString());
  });
