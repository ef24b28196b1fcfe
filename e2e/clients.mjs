// Drives a server with two clients that hospitals use. Every step prints its name once its asserts held; clients_test.go knows the names.
// usage: node clients.mjs BASE NODE_MODULES_PARENT
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [base, home] = process.argv.slice(2);
const require = createRequire(join(home, 'package.json'));
const { Client } = await import(pathToFileURL(join(home, 'node_modules/fhir-kit-client/dist/index.js')).href);
const { FhirClient } = require('fhirclient');

const kit = new Client({ baseUrl: base });
const smart = new FhirClient(base);
const done = (step) => console.log(step);

const system = 'http://example.org/e2e';
const patient = (n) => ({
  resourceType: 'Patient',
  identifier: [{ system, value: `p${n}` }],
  name: [{ family: 'Wolf', given: [`Number${n}`] }],
  birthDate: `${1950 + n}-01-01`,
});

async function rejected(promise, status, ...texts) {
  const error = await promise.then(() => assert.fail('the request was accepted'), (e) => e);
  const got = error.response?.status ?? error.status ?? error.statusCode;
  assert.equal(got, status, String(error.stack));
  const body = JSON.stringify(error.response?.data ?? error.body ?? error.message);
  for (const text of texts) assert.ok(body.includes(text), `${body} lacks ${text}`);
}

// fhir-kit-client
{
  const capability = await kit.capabilityStatement();
  assert.equal(capability.resourceType, 'CapabilityStatement');
  assert.equal(capability.fhirVersion, '4.0.1');
  const types = capability.rest[0].resource.map((r) => r.type);
  assert.ok(types.includes('Patient') && types.includes('Observation') && !types.includes('Parameters'));
  done('kit: capability');

  const created = await kit.create({ resourceType: 'Patient', body: patient(0) });
  assert.equal(created.meta.versionId, '1');
  assert.deepEqual(created.name, patient(0).name);
  const { response } = Client.httpFor(created);
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('etag'), 'W/"1"');
  assert.equal(response.headers.get('location'), `${base}/Patient/${created.id}/_history/1`);
  done('kit: create');

  const read = await kit.read({ resourceType: 'Patient', id: created.id });
  assert.deepEqual(read, created);
  await rejected(kit.read({ resourceType: 'Patient', id: 'absent' }), 404, 'OperationOutcome', 'not-found');
  done('kit: read');

  const changed = await kit.update({
    resourceType: 'Patient', id: created.id,
    body: { ...created, active: true },
    options: { headers: { 'If-Match': 'W/"1"' } },
  });
  assert.equal(changed.meta.versionId, '2');
  await rejected(kit.update({
    resourceType: 'Patient', id: created.id,
    body: { ...created, active: false },
    options: { headers: { 'If-Match': 'W/"1"' } },
  }), 412, 'OperationOutcome', 'conflict');
  assert.equal((await kit.read({ resourceType: 'Patient', id: created.id })).active, true);
  done('kit: update with If-Match');

  assert.equal((await kit.vread({ resourceType: 'Patient', id: created.id, version: '1' })).active, undefined);
  done('kit: vread');

  const transaction = await kit.transaction({ body: {
    resourceType: 'Bundle', type: 'transaction',
    entry: [
      { fullUrl: 'urn:uuid:5f2ef2a6-0a6e-4a6e-9c3b-8a1f4b6f0e01', resource: patient(1), request: { method: 'POST', url: 'Patient' } },
      { resource: {
        resourceType: 'Observation', status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '5130-0' }] },
        subject: { reference: 'urn:uuid:5f2ef2a6-0a6e-4a6e-9c3b-8a1f4b6f0e01' },
        valueQuantity: { value: 120.50, unit: 'IU/mL', system: 'http://unitsofmeasure.org', code: '[IU]/mL' },
      }, request: { method: 'POST', url: 'Observation' } },
      { resource: { ...changed, gender: 'female' }, request: { method: 'PUT', url: `Patient/${created.id}`, ifMatch: 'W/"2"' } },
    ],
  } });
  assert.equal(transaction.type, 'transaction-response');
  assert.deepEqual(transaction.entry.map((e) => e.response.status.slice(0, 3)), ['201', '201', '200']);
  const [, patientId] = transaction.entry[0].response.location.match(/Patient\/([^/]+)/);
  const found = await kit.search({ resourceType: 'Observation', searchParams: { patient: `Patient/${patientId}`, code: 'http://loinc.org|5130-0' } });
  assert.equal(found.total, 1);
  assert.equal(found.entry[0].resource.subject.reference, `Patient/${patientId}`);
  done('kit: transaction');

  await rejected(kit.transaction({ body: {
    resourceType: 'Bundle', type: 'transaction',
    entry: [
      { resource: { ...patient(90) }, request: { method: 'POST', url: 'Patient' } },
      { resource: { resourceType: 'Patient', wings: 2 }, request: { method: 'POST', url: 'Patient' } },
    ],
  } }), 400, 'OperationOutcome', 'wings');
  assert.equal((await kit.search({ resourceType: 'Patient', searchParams: { identifier: `${system}|p90`, _total: 'accurate' } })).total, 0);
  done('kit: a transaction that is refused leaves nothing');

  const batch = await kit.batch({ body: {
    resourceType: 'Bundle', type: 'batch',
    entry: [
      { request: { method: 'GET', url: `Patient/${created.id}` } },
      { request: { method: 'GET', url: 'Patient/absent' } },
    ],
  } });
  assert.deepEqual(batch.entry.map((e) => e.response.status.slice(0, 3)), ['200', '404']);
  done('kit: batch');

  for (let n = 2; n < 25; n++) await kit.create({ resourceType: 'Patient', body: patient(n) });
  const seen = [];
  let page = await kit.search({ resourceType: 'Patient', searchParams: { identifier: `${system}|`, _count: '10', _sort: 'birthdate' } });
  assert.equal(page.entry.length, 10);
  const first = page;
  while (page) {
    seen.push(...page.entry.map((e) => e.resource.identifier[0].value));
    page = await kit.nextPage({ bundle: page });
  }
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, n) => `p${n}`));
  const second = await kit.nextPage({ bundle: first });
  const back = await kit.prevPage({ bundle: second });
  if (back) assert.deepEqual(back.entry.map((e) => e.resource.id), first.entry.map((e) => e.resource.id));
  done('kit: search and its pages');

  const posted = await kit.search({ resourceType: 'Patient', searchParams: { identifier: `${system}|p7` }, options: { postSearch: true } });
  assert.deepEqual(posted.entry.map((e) => e.resource.identifier[0].value), ['p7']);
  await rejected(kit.search({ resourceType: 'Patient', searchParams: { wings: '2' } }), 400, 'OperationOutcome', 'wings');
  done('kit: search by POST, and with a parameter that does not exist');

  const observations = await kit.search({ resourceType: 'Observation', compartment: { resourceType: 'Patient', id: patientId }, searchParams: { _summary: 'count' } });
  assert.equal(observations.total, 1);
  done('kit: compartment search');

  const history = await kit.history({ resourceType: 'Patient', id: created.id });
  assert.equal(history.type, 'history');
  assert.deepEqual(history.entry.map((e) => e.resource.meta.versionId), ['3', '2', '1']);
  assert.ok((await kit.history({ resourceType: 'Patient' })).entry.length > 0);
  assert.ok((await kit.history()).entry.length > 0);
  done('kit: history');

  await kit.delete({ resourceType: 'Patient', id: created.id });
  await rejected(kit.read({ resourceType: 'Patient', id: created.id }), 410, 'OperationOutcome', 'deleted');
  assert.equal((await kit.history({ resourceType: 'Patient', id: created.id })).entry[0].request.method, 'DELETE');
  done('kit: delete');
}

// fhirclient
{
  const created = await smart.create(patient(50), { includeResponse: true });
  assert.equal(created.response.status, 201);
  const id = created.body.id;
  assert.equal(created.body.meta.versionId, '1');
  done('smart: create');

  const updated = await smart.update({ ...created.body, active: true }, { headers: { 'If-Match': 'W/"1"' } });
  assert.equal(updated.meta.versionId, '2');
  await rejected(smart.update({ ...created.body, active: false }, { headers: { 'If-Match': 'W/"1"' } }), 412);
  done('smart: update with If-Match');

  const read = await smart.fhirRequest(`Patient/${id}`);
  assert.deepEqual(read, updated);
  await rejected(smart.fhirRequest('Patient/absent'), 404);
  done('smart: read');

  const observation = await smart.create({
    resourceType: 'Observation', status: 'final', code: { text: 'e2e' }, subject: { reference: `Patient/${id}` },
  });
  const resolved = await smart.getReferences(observation, ['subject']);
  assert.equal(resolved[`Patient/${id}`].id, id);
  done('smart: references');

  const seen = [];
  for await (const p of smart.resources(`Patient?identifier=${encodeURIComponent(system + '|')}&_sort=birthdate&_count=7`)) {
    seen.push(p.identifier[0].value);
  }
  assert.deepEqual(seen, [...Array.from({ length: 24 }, (_, n) => `p${n + 1}`), 'p50']);
  done('smart: all pages of a search');

  const transaction = await smart.fhirRequest('', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [
      { resource: { resourceType: 'Group', id: 'e2e', type: 'person', actual: true, member: [{ entity: { reference: `Patient/${id}` } }] }, request: { method: 'PUT', url: 'Group/e2e' } },
    ] }),
  });
  assert.equal(transaction.entry[0].response.status.slice(0, 3), '201');
  done('smart: transaction');

  const history = await smart.fhirRequest(`Patient/${id}/_history`);
  assert.deepEqual(history.entry.map((e) => e.resource.meta.versionId), ['2', '1']);
  done('smart: history');

  assert.equal((await smart.fhirRequest('metadata')).fhirVersion, '4.0.1');
  done('smart: capability');

  await smart.delete(`Observation/${observation.id}`);
  await rejected(smart.fhirRequest(`Observation/${observation.id}`), 410);
  done('smart: delete');
}
