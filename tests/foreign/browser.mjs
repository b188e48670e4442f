// A person with a browser: keeps cookies, fills in the forms of the pages, and stops where it is sent away from the server.
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decode = (text) =>
  text.replace(/&(#x[0-9a-f]+|#\d+|[a-z]+);/gi, (whole, name) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    return String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10));
  });
const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return found ? decode(found[1]) : undefined;
};

export class Browser {
  #cookies = new Map();
  pages = [];

  constructor(issuer, username, password) {
    Object.assign(this, { issuer, username, password });
  }

  /** Follows redirects and fills in forms; returns the address outside the server that the browser is sent to. */
  async visit(url) {
    const end = await this.#walk(url);
    if (!(end instanceof URL)) throw new Error(`stopped at a page: ${url}`);
    return end;
  }

  /** Types the code of a device at the address that the device shows, and lets it in. */
  async connect(url, userCode) {
    this.userCode = userCode;
    if ((await this.#walk(url)) instanceof URL) throw new Error('sent away from the page of the device');
  }

  async #walk(url) {
    let response = await this.#send(url);
    for (let hop = 0; hop < 10; hop++) {
      const location = response.headers.get('location');
      if (location !== null) {
        const next = new URL(location, url);
        if (next.origin !== new URL(this.issuer).origin) return next;
        url = next.href;
        response = await this.#send(url);
        continue;
      }
      if (response.status !== 200) throw new Error(`stopped at a page with status ${response.status}: ${url}`);
      const form = this.#formOf(await response.text());
      if (form === undefined) return url;
      url = new URL(form.action ?? url, url).href;
      response = await this.#send(url, { method: 'POST', body: new URLSearchParams(form.fields) });
    }
    throw new Error('the pages went in a circle');
  }

  #formOf(html) {
    for (const [whole, open] of html.matchAll(/(<form[^>]*>)[\s\S]*?<\/form>/g)) {
      const inputs = [...whole.matchAll(/<input[^>]*>/g)].map((match) => match[0]);
      const fields = inputs.filter((tag) => attribute(tag, 'type') === 'hidden').map((tag) => [attribute(tag, 'name'), attribute(tag, 'value')]);
      const action = attribute(open, 'action');
      if (inputs.some((tag) => attribute(tag, 'name') === 'password')) {
        this.pages.push('login');
        return { action, fields: [...fields, ['username', this.username], ['password', this.password]] };
      }
      if (inputs.some((tag) => attribute(tag, 'name') === 'user_code' && attribute(tag, 'type') !== 'hidden')) {
        this.pages.push('device');
        return { action, fields: [...fields, ['user_code', this.userCode]] };
      }
      if (whole.includes('value="allow"')) {
        this.pages.push('consent');
        return { action, fields: [...fields, ['decision', 'allow']] };
      }
    }
    return undefined;
  }

  async #send(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(';');
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      if (rest.some((part) => /^\s*max-age=0$/i.test(part))) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}
