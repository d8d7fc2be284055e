// A real OpenID provider (npm oidc-provider) on loopback, for tests alone. It signs in whoever the
// test names last, without a page: POST /next {"sub": ..., "amr": [...], "claims": {...}}.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const [port, redirect, farewell, logout] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: "first" };
let next = { sub: "nobody", amr: ["pwd"], claims: {} };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "sekisho",
      client_secret: "the secret of a test, long enough for everybody",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [farewell],
      id_token_signed_response_alg: "ES256",
      backchannel_logout_uri: logout,
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: ["of a test"] },
  claims: {
    openid: ["sub", "amr"],
    profile: ["name", "preferred_username", "groups"],
    email: ["email", "email_verified"],
  },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (ctx, form) => {
        ctx.body = form;
      },
      postLogoutSuccessSource: async (ctx) => {
        ctx.body = "bye";
      },
    },
  },
  findAccount: async (_ctx, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, ...next.claims }),
  }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
});

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    const login = { accountId: next.sub, amr: next.amr };
    return provider.interactionFinished(request, response, { login });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent });
}

const serve = provider.callback();
createServer((request, response) => {
  if (request.url === "/next") {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      next = JSON.parse(body);
      response.end("{}");
    });
  } else if (request.url.startsWith("/interaction/")) {
    interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
  } else {
    serve(request, response);
  }
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
