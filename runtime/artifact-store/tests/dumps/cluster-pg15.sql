--
-- PostgreSQL database cluster dump
--

\restrict EtcV4myfWmpqgdtuLjelJJnq9GKmww000UkejiUgxbogaLekp0otYN4tePTOsnp

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;

--
-- User Configurations
--








\unrestrict EtcV4myfWmpqgdtuLjelJJnq9GKmww000UkejiUgxbogaLekp0otYN4tePTOsnp

--
-- Databases
--

--
-- Database "template1" dump
--

\connect template1

--
-- PostgreSQL database dump
--

\restrict xBgkemqC8u3jyAf2ziPCc15RvqvKymGdrYBvPuYC3LV78Iq0HISAR8PsFM8zL3X

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- PostgreSQL database dump complete
--

\unrestrict xBgkemqC8u3jyAf2ziPCc15RvqvKymGdrYBvPuYC3LV78Iq0HISAR8PsFM8zL3X

--
-- Database "postgres" dump
--

\connect postgres

--
-- PostgreSQL database dump
--

\restrict wk47P4nHkXXqPe1fyJFm2TInZX5SEMoy1h0oq2hQjSNQn00kXVbQXQ55qcggxjM

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- PostgreSQL database dump complete
--

\unrestrict wk47P4nHkXXqPe1fyJFm2TInZX5SEMoy1h0oq2hQjSNQn00kXVbQXQ55qcggxjM

--
-- Database "src" dump
--

--
-- PostgreSQL database dump
--

\restrict MkUIoDzgh5SGDbHax6drfYRAR0slgmbGwtyU2SCJgQp12iSGdV2CVvhIKTCkPJh

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: src; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE src WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE src OWNER TO postgres;

\unrestrict MkUIoDzgh5SGDbHax6drfYRAR0slgmbGwtyU2SCJgQp12iSGdV2CVvhIKTCkPJh
\connect src
\restrict MkUIoDzgh5SGDbHax6drfYRAR0slgmbGwtyU2SCJgQp12iSGdV2CVvhIKTCkPJh

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: shop; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA shop;


ALTER SCHEMA shop OWNER TO postgres;

--
-- Name: f(); Type: FUNCTION; Schema: shop; Owner: postgres
--

CREATE FUNCTION shop.f() RETURNS text
    LANGUAGE sql
    AS $$ select 'x' $$;


ALTER FUNCTION shop.f() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: customers; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.customers (
    id integer NOT NULL,
    name text NOT NULL
);


ALTER TABLE shop.customers OWNER TO postgres;

--
-- Name: TABLE customers; Type: COMMENT; Schema: shop; Owner: postgres
--

COMMENT ON TABLE shop.customers IS 'people; synthetic';


--
-- Name: customers_id_seq; Type: SEQUENCE; Schema: shop; Owner: postgres
--

CREATE SEQUENCE shop.customers_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE shop.customers_id_seq OWNER TO postgres;

--
-- Name: customers_id_seq; Type: SEQUENCE OWNED BY; Schema: shop; Owner: postgres
--

ALTER SEQUENCE shop.customers_id_seq OWNED BY shop.customers.id;


--
-- Name: empty; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.empty (
    id integer
);


ALTER TABLE shop.empty OWNER TO postgres;

--
-- Name: events; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.events (
    id integer,
    day date
)
PARTITION BY RANGE (day);


ALTER TABLE shop.events OWNER TO postgres;

--
-- Name: events_2026; Type: TABLE; Schema: shop; Owner: postgres
--

CREATE TABLE shop.events_2026 (
    id integer,
    day date
);


ALTER TABLE shop.events_2026 OWNER TO postgres;

--
-- Name: mv; Type: MATERIALIZED VIEW; Schema: shop; Owner: postgres
--

CREATE MATERIALIZED VIEW shop.mv AS
 SELECT count(*) AS count
   FROM shop.customers
  WITH NO DATA;


ALTER TABLE shop.mv OWNER TO postgres;

--
-- Name: events_2026; Type: TABLE ATTACH; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.events ATTACH PARTITION shop.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');


--
-- Name: customers id; Type: DEFAULT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.customers ALTER COLUMN id SET DEFAULT nextval('shop.customers_id_seq'::regclass);


--
-- Name: 16409; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16409');


ALTER LARGE OBJECT 16409 OWNER TO postgres;

--
-- Name: 16410; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16410');


ALTER LARGE OBJECT 16410 OWNER TO postgres;

--
-- Name: 16411; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16411');


ALTER LARGE OBJECT 16411 OWNER TO postgres;

--
-- Data for Name: customers; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.customers (id, name) FROM stdin;
1	Ada
2	Grace
3	Barbara
\.


--
-- Data for Name: empty; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.empty (id) FROM stdin;
\.


--
-- Data for Name: events_2026; Type: TABLE DATA; Schema: shop; Owner: postgres
--

COPY shop.events_2026 (id, day) FROM stdin;
1	2026-11-28
\.


--
-- Name: customers_id_seq; Type: SEQUENCE SET; Schema: shop; Owner: postgres
--

SELECT pg_catalog.setval('shop.customers_id_seq', 3, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16409', 131072);
SELECT pg_catalog.lowrite(0, '\x61206c61726765206f626a656374');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('16410', 131072);
SELECT pg_catalog.lowrite(0, '\x616e6f74686572206c61726765206f626a656374');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('16411', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: shop; Owner: postgres
--

ALTER TABLE ONLY shop.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- Name: mv; Type: MATERIALIZED VIEW DATA; Schema: shop; Owner: postgres
--

REFRESH MATERIALIZED VIEW shop.mv;


--
-- PostgreSQL database dump complete
--

\unrestrict MkUIoDzgh5SGDbHax6drfYRAR0slgmbGwtyU2SCJgQp12iSGdV2CVvhIKTCkPJh

--
-- Database "tiny" dump
--

--
-- PostgreSQL database dump
--

\restrict Lsfy8LTrXqPNKhVUOWGDzydDmbK5FUO0yxkHumBAd0fUZecdVFu7wpRMOuKTvlx

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: tiny; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE tiny WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE tiny OWNER TO postgres;

\unrestrict Lsfy8LTrXqPNKhVUOWGDzydDmbK5FUO0yxkHumBAd0fUZecdVFu7wpRMOuKTvlx
\connect tiny
\restrict Lsfy8LTrXqPNKhVUOWGDzydDmbK5FUO0yxkHumBAd0fUZecdVFu7wpRMOuKTvlx

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: fruit; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.fruit (
    name text
);


ALTER TABLE public.fruit OWNER TO postgres;

--
-- Name: nothing; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.nothing (
    id integer
);


ALTER TABLE public.nothing OWNER TO postgres;

--
-- Name: 16421; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16421');


ALTER LARGE OBJECT 16421 OWNER TO postgres;

--
-- Data for Name: fruit; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.fruit (name) FROM stdin;
apple
pear
\.


--
-- Data for Name: nothing; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.nothing (id) FROM stdin;
\.


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16421', 131072);
SELECT pg_catalog.lowrite(0, '\x61206c61726765206f626a656374');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- PostgreSQL database dump complete
--

\unrestrict Lsfy8LTrXqPNKhVUOWGDzydDmbK5FUO0yxkHumBAd0fUZecdVFu7wpRMOuKTvlx

--
-- PostgreSQL database cluster dump complete
--

