/**
 * Where this installation of Enlace is: an https address that ends with a slash. The same address stands in
 * `appsscript.json` (what may be fetched and opened); a script in `deploy/` writes both.
 */
const BACKEND_URL = 'https://crm.example.com/';
