// A plain adapter of oidc-provider on SQLite. synchronous=NORMAL: no flush for a commit, so it may lose with the power what it has acknowledged.
import { DatabaseSync } from 'node:sqlite';

export function open(file) {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL');
  database.exec(`CREATE TABLE IF NOT EXISTS things (
    model TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, expires INTEGER, consumed INTEGER, family TEXT, uid TEXT, PRIMARY KEY (model, id)
  ) WITHOUT ROWID`);
  database.exec('CREATE INDEX IF NOT EXISTS things_of_grant ON things (family) WHERE family IS NOT NULL');
  database.exec('CREATE INDEX IF NOT EXISTS things_by_uid ON things (uid) WHERE uid IS NOT NULL');
  const sql = {
    put: database.prepare('INSERT OR REPLACE INTO things (model, id, content, expires, family, uid) VALUES (?, ?, ?, ?, ?, ?)'),
    find: database.prepare('SELECT content, consumed FROM things WHERE model = ? AND id = ? AND (expires IS NULL OR expires > ?)'),
    findByUid: database.prepare('SELECT content, consumed FROM things WHERE uid = ? AND model = ? AND (expires IS NULL OR expires > ?)'),
    consume: database.prepare('UPDATE things SET consumed = ? WHERE model = ? AND id = ?'),
    remove: database.prepare('DELETE FROM things WHERE model = ? AND id = ?'),
    removeFamily: database.prepare('DELETE FROM things WHERE family = ?'),
  };
  const now = () => Math.floor(Date.now() / 1000);
  const read = (row) => row && { ...JSON.parse(row.content), ...(row.consumed ? { consumed: row.consumed } : undefined) };

  return class SqliteAdapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, content, expiresIn) {
      const expires = expiresIn ? now() + expiresIn : null;
      sql.put.run(this.model, id, JSON.stringify(content), expires, content.grantId ?? null, content.uid ?? null);
    }

    async find(id) {
      return read(sql.find.get(this.model, id, now()));
    }

    async findByUid(uid) {
      return read(sql.findByUid.get(uid, this.model, now()));
    }

    async findByUserCode() {
      return undefined;
    }

    async consume(id) {
      sql.consume.run(now(), this.model, id);
    }

    async destroy(id) {
      sql.remove.run(this.model, id);
    }

    async revokeByGrantId(grantId) {
      sql.removeFamily.run(grantId);
    }
  };
}
